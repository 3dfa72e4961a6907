import type { CommandTable, CompletedOption, Kind } from "./table.ts";

/** The zsh completion of a command table. */
export function zshCompletion({ options, verbs }: CommandTable): string {
  const commands = verbs.map(({ name, doc }) => `\t\t\t${quote(`${name}:${doc}`)}`);
  const places = verbs.map((verb) => {
    const specs = [
      ...verb.options.flatMap(optionSpecs),
      ...verb.arguments.map((kind, index) => quote(`${index + 1}:${action(kind)}`)),
    ];
    return `\t\t${verb.name}) _arguments ${["-S", ...specs].join(" ")} ;;`;
  });
  return `#compdef vmpowerctl
# zsh completion for vmpowerctl, made from its table of commands.

_vmpowerctl_vm() {
	local -a where names
	[[ -n $opt_args[--socket] ]] && where=(--socket $opt_args[--socket])
	names=(\${(f)"$(vmpowerctl --timeout 1 $where --json list 2>/dev/null | grep -o '"name":"[^"\\\\]*"' | cut -d '"' -f 4)"})
	compadd -a names
}

_vmpowerctl_channels() {
	compadd all
}

_vmpowerctl_cpu() {
	local -a cpus
	cpus=(/sys/devices/system/cpu/cpu[0-9]*(N:t:s/cpu/))
	compadd -a cpus
}

_vmpowerctl_cpus() {
	_vmpowerctl_cpu
}

_vmpowerctl() {
	local context state state_descr line
	local -A opt_args
	_arguments -C ${options.flatMap(optionSpecs).join(" \\\n\t\t")} \\
		'1:command:->command' '*::argument:->argument'
	case $state in
	command)
		local -a commands=(
${commands.join("\n")}
		)
		_describe command commands
		;;
	argument)
		case $words[1] in
${places.join("\n")}
		esac
		;;
	esac
}

_vmpowerctl "$@"
`;
}

function optionSpecs({ flags, value, doc }: CompletedOption): string[] {
  return flags.map((flag) => quote(`${flag}[${doc}]${value === undefined ? "" : `:${action(value)}`}`));
}

/** What is completed, and by which function or words. */
function action(kind: Kind): string {
  if (kind === "text") return "text: ";
  if (kind === "file") return "file:_files";
  return typeof kind === "string" ? `${kind}:_vmpowerctl_${kind}` : `word:(${kind.join(" ")})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
