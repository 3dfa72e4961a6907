import { type CommandTable, type CompletedOption, type Kind, optionsWithValue } from "./table.ts";

/** The fish completion of a command table. */
export function fishCompletion(table: CommandTable): string {
  const { options, verbs } = table;
  const lines = [
    ...options.map((option) => optionLine(option, "")),
    ...verbs.map(
      ({ name, doc }) =>
        `complete -c vmpowerctl -n "test (_vmpowerctl_place) = 0" -a ${name} -d ${quote(doc)}`,
    ),
    ...verbs.flatMap((verb) => [
      ...verb.options.map((option) => optionLine(option, ` -n "__fish_seen_subcommand_from ${verb.name}"`)),
      ...verb.arguments.map(
        (kind, index) => `complete -c vmpowerctl -n "_vmpowerctl_at ${verb.name} ${index + 1}"${words(kind)}`,
      ),
    ]),
  ];
  return `# fish completion for vmpowerctl, made from its table of commands.

function _vmpowerctl_vm
    vmpowerctl --timeout 1 --json list 2>/dev/null | string match -ra '"name":"([^"\\\\\\\\]*)"' -g
end

function _vmpowerctl_channels
    echo all
end

function _vmpowerctl_cpu
    string replace -r '.*/cpu' '' /sys/devices/system/cpu/cpu[0-9]*
end

function _vmpowerctl_cpus
    _vmpowerctl_cpu
end

# The command and its arguments before the cursor, without options and their values.
function _vmpowerctl_words
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case ${optionsWithValue(table)
              .flatMap(({ flags }) => flags)
              .join(" ")}
                set words $words[2..]
            case '-*'
            case '*'
                echo $words[1]
        end
        set words $words[2..]
    end
end

function _vmpowerctl_place
    count (_vmpowerctl_words)
    true
end

function _vmpowerctl_at
    set -l words (_vmpowerctl_words)
    test "$words[1]" = $argv[1] -a (count $words) = $argv[2]
end

complete -c vmpowerctl -f
${lines.join("\n")}
`;
}

function optionLine({ flags, value, doc }: CompletedOption, condition: string): string {
  const names = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const after = value === undefined ? "" : value === "file" ? " -r -F" : ` -x${words(value)}`;
  return `complete -c vmpowerctl${condition} ${names.join(" ")}${after} -d ${quote(doc)}`;
}

function words(kind: Kind): string {
  if (kind === "text") return "";
  return typeof kind === "string" ? ` -a "(_vmpowerctl_${kind})"` : ` -a "${kind.join(" ")}"`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
