import {
  type CommandTable,
  type CompletedOption,
  isAbout,
  type Kind,
  optionsWithValue,
  prefixOf,
} from "./table.ts";

/** The fish completion of a command table. */
export function fishCompletion(table: CommandTable): string {
  const { program, options, verbs } = table;
  const prefix = prefixOf(table);
  const optionLine = (option: CompletedOption, condition: string) =>
    `complete -c ${program}${condition} ${optionText(option, prefix)}`;
  const lines = [
    ...options.map((option) => optionLine(option, "")),
    ...verbs.map(
      ({ name, doc }) => `complete -c ${program} -n "test (${prefix}_place) = 0" -a ${name} -d ${quote(doc)}`,
    ),
    ...verbs.flatMap((verb) => [
      ...verb.options.map((option) => optionLine(option, ` -n "__fish_seen_subcommand_from ${verb.name}"`)),
      ...verb.arguments.map(
        (kind, index) =>
          `complete -c ${program} -n "${prefix}_at ${verb.name} ${index + 1}"${words(kind, prefix)}`,
      ),
    ]),
  ];
  const withValue = optionsWithValue(table);
  const passed = withValue.filter(isAbout).flatMap(({ flags }) => flags);
  return `# fish completion for ${program}, made from its table of commands.
${passed.length === 0 ? "" : lookupsOf(program, prefix, passed)}
# The command and its arguments before the cursor, without options and their values.
function ${prefix}_words
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case ${withValue.flatMap(({ flags }) => flags).join(" ")}
                set words $words[2..]
            case '-*'
            case '*'
                echo $words[1]
        end
        set words $words[2..]
    end
end

function ${prefix}_place
    count (${prefix}_words)
    true
end

function ${prefix}_at
    set -l words (${prefix}_words)
    test "$words[1]" = $argv[1] -a (count $words) = $argv[2]
end

complete -c ${program} -f
${lines.join("\n")}
`;
}

/** The commands that ask a daemon for names: the local one, or that of the options on the command line. */
function lookupsOf(program: string, prefix: string, passed: readonly string[]): string {
  return `
# The options on the command line that choose the daemon, with their values.
function ${prefix}_where
    set -l words (commandline -opc)[2..]
    while set -q words[2]
        if contains -- $words[1] ${passed.join(" ")}
            printf '%s\\n' $words[1..2]
        end
        set words $words[2..]
    end
end

function ${prefix}_vm
    ${program} --timeout 1 (${prefix}_where) --json list 2>/dev/null | string match -ra '"name":"([^"\\\\\\\\]*)"' -g
end

function ${prefix}_channels
    echo all
end

function ${prefix}_cpu
    set -l where (${prefix}_where)
    if set -q where[1]
        ${program} --timeout 1 $where --json show-cpu-freq 2>/dev/null | string match -ra '"pcpu":(\\d+)' -g | sort -nu
    else
        set -l paths /sys/devices/system/cpu/cpu*
        string match -rg '/cpu(\\d+)$' $paths
    end
end

function ${prefix}_cpus
    ${prefix}_cpu
end
`;
}

function optionText({ flags, value, doc }: CompletedOption, prefix: string): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const after = value === undefined ? "" : value === "file" ? " -r -F" : ` -x${words(value, prefix)}`;
  return `${names.join(" ")}${after} -d ${quote(doc)}`;
}

function words(kind: Kind, prefix: string): string {
  if (kind === "text") return "";
  if (kind === "file") return " -F";
  return typeof kind === "string" ? ` -a "(${prefix}_${kind})"` : ` -a "${kind.join(" ")}"`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
