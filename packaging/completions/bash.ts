import { type CommandTable, type CompletedOption, type Kind, optionsWithValue } from "./table.ts";

/** The bash completion of a command table. */
export function bashCompletion(table: CommandTable): string {
  const { options, verbs } = table;
  const withValue = optionsWithValue(table);
  const values = withValue.map(({ flags, value }) => `\t${flags.join(" | ")}) ${wordsOf(value)} ;;`);
  const own = verbs
    .filter((verb) => verb.options.length > 0)
    .map((verb) => `\t${verb.name}) flags+=(${flagsOf(verb.options)}) ;;`);
  const places = verbs.flatMap(({ name, arguments: args }) =>
    args.map((kind, index) => `\t${name}.${index}) ${wordsOf(kind)} ;;`),
  );
  return `# bash completion for vmpowerctl, made from its table of commands.

_vmpowerctl_vm() {
	vmpowerctl --timeout 1 "\${where[@]}" --json list 2>/dev/null | grep -o '"name":"[^"\\\\]*"' | cut -d '"' -f 4
}

_vmpowerctl_channels() {
	echo all
}

_vmpowerctl_cpu() {
	local path
	for path in /sys/devices/system/cpu/cpu[0-9]*; do echo "\${path##*/cpu}"; done
}

_vmpowerctl_cpus() {
	_vmpowerctl_cpu
}

_vmpowerctl_file() {
	compgen -f -- "$current"
}

_vmpowerctl() {
	local current=\${COMP_WORDS[COMP_CWORD]} verb= word place=0 words=() where=() i
	local flags=(${flagsOf(options)})
	for ((i = 1; i < COMP_CWORD; i++)); do
		case \${COMP_WORDS[i]} in
		--socket) where=(--socket "\${COMP_WORDS[++i]}") ;;
		${withValue.flatMap(({ flags }) => flags.filter((flag) => flag !== "--socket")).join(" | ")}) ((i++)) ;;
		-*) ;;
		*) if [[ -z $verb ]]; then verb=\${COMP_WORDS[i]}; else ((place++)); fi ;;
		esac
	done
	case $verb in
${own.join("\n")}
	esac
	case $verb.$place in
	.0) ${wordsOf(verbs.map(({ name }) => name))} ;;
${places.join("\n")}
	esac
	[[ $current == -* ]] && words=("\${flags[@]}")
	case \${COMP_WORDS[COMP_CWORD - 1]} in
${values.join("\n")}
	esac
	# Not "compgen -W", which would carry out what stands in the name of a VM.
	COMPREPLY=()
	for word in "\${words[@]}"; do
		[[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
	done
}

complete -F _vmpowerctl vmpowerctl
`;
}

function flagsOf(options: readonly CompletedOption[]): string {
  return options.flatMap(({ flags }) => flags).join(" ");
}

/** The statement that sets `words`. */
function wordsOf(kind: Kind | undefined): string {
  if (kind === undefined || kind === "text") return "words=()";
  return typeof kind === "string" ? `mapfile -t words < <(_vmpowerctl_${kind})` : `words=(${kind.join(" ")})`;
}
