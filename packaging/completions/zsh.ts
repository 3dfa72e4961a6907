import { type CommandTable, type CompletedOption, isAbout, type Kind, prefixOf } from "./table.ts";

/** The zsh completion of a command table. */
export function zshCompletion(table: CommandTable): string {
  const { program, options, verbs } = table;
  const prefix = prefixOf(table);
  const specsOf = (option: CompletedOption) => optionSpecs(option, prefix);
  const commands = verbs.map(({ name, doc }) => `\t\t\t${quote(`${name}:${doc}`)}`);
  const places = verbs.map((verb) => {
    const specs = [
      ...verb.options.flatMap(specsOf),
      ...verb.arguments.map((kind, index) => quote(`${index + 1}:${action(kind, prefix)}`)),
    ];
    return `\t\t${verb.name}) _arguments ${["-S", ...specs].join(" ")} ;;`;
  });
  const passed = options.filter(isAbout).flatMap(({ flags }) => flags);
  return `#compdef ${program}
# zsh completion for ${program}, made from its table of commands.
${passed.length === 0 ? "" : lookupsOf(program, prefix)}
${prefix}() {
	local context state state_descr line
	local -A opt_args
	local -a where
	_arguments -C ${options.flatMap(specsOf).join(" \\\n\t\t")} \\
		'1:command:->command' '*::argument:->argument'
	case $state in
	command)
		local -a commands=(
${commands.join("\n")}
		)
		_describe command commands
		;;
	argument)
${passed.length === 0 ? "" : keepOf(passed)}		case $words[1] in
${places.join("\n")}
		esac
		;;
	esac
}

${prefix} "$@"
`;
}

/** Keeps the options that choose the daemon, because the options of a command replace them. */
function keepOf(passed: readonly string[]): string {
  return `\t\tlocal flag
		for flag in ${passed.join(" ")}; do
			[[ -n $opt_args[$flag] ]] && where+=($flag "\${opt_args[$flag]}")
		done
`;
}

/** The commands that ask a daemon for names: the local one, or that of the options on the command line. */
function lookupsOf(program: string, prefix: string): string {
  return `
${prefix}_vm() {
	local -a names
	names=(\${(f)"$(${program} --timeout 1 $where --json list 2>/dev/null | grep -o '"name":"[^"\\\\]*"' | cut -d '"' -f 4)"})
	compadd -a names
}

${prefix}_channels() {
	compadd all
}

${prefix}_cpu() {
	local -a cpus
	if ((\${#where} > 0)); then
		cpus=(\${(f)"$(${program} --timeout 1 $where --json show-cpu-freq 2>/dev/null | grep -o '"pcpu":[0-9]*' | cut -d : -f 2 | sort -nu)"})
	else
		cpus=(/sys/devices/system/cpu/cpu[0-9]*(N:t:s/cpu/))
	fi
	compadd -a cpus
}

${prefix}_cpus() {
	${prefix}_cpu
}
`;
}

function optionSpecs({ flags, value, doc }: CompletedOption, prefix: string): string[] {
  return flags.map((flag) =>
    quote(`${flag}[${escaped(doc)}]${value === undefined ? "" : `:${action(value, prefix)}`}`),
  );
}

/** Escapes a description, which a bracket would end. */
function escaped(doc: string): string {
  return doc.replace(/[\\[\]:]/g, "\\$&");
}

/** Formats a completion with the function or the words that complete it. */
function action(kind: Kind, prefix: string): string {
  if (kind === "text") return "text: ";
  if (kind === "file") return "file:_files";
  return typeof kind === "string" ? `${kind}:${prefix}_${kind}` : `word:(${kind.join(" ")})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
