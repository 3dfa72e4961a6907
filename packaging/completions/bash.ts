import {
  type CommandTable,
  type CompletedOption,
  isAbout,
  type Kind,
  optionsWithValue,
  prefixOf,
} from "./table.ts";

/** The bash completion of a command table. */
export function bashCompletion(table: CommandTable): string {
  const { program, options, verbs } = table;
  const prefix = prefixOf(table);
  const words = (kind: Kind | undefined) => wordsOf(kind, prefix);
  const withValue = optionsWithValue(table);
  const values = withValue.map(({ flags, value }) => `\t${flags.join(" | ")}) ${words(value)} ;;`);
  const passed = withValue.filter(isAbout).flatMap(({ flags }) => flags);
  const skipped = withValue.flatMap(({ flags }) => flags).filter((flag) => !passed.includes(flag));
  const own = verbs
    .filter((verb) => verb.options.length > 0)
    .map((verb) => `\t${verb.name}) flags+=(${flagsOf(verb.options)}) ;;`);
  const places = verbs.flatMap(({ name, arguments: args }) =>
    args.map((kind, index) => `\t${name}.${index}) ${words(kind)} ;;`),
  );
  const lookups = passed.length === 0 ? "" : lookupsOf(program, prefix);
  const passing =
    passed.length === 0
      ? ""
      : `\t\t${passed.join(" | ")}) where+=("\${COMP_WORDS[i]}" "\${COMP_WORDS[++i]}") ;;\n`;
  return `# bash completion for ${program}, made from its table of commands.
${lookups}
${prefix}_file() {
	compgen -f -- "$current"
}

${prefix}() {
	local current=\${COMP_WORDS[COMP_CWORD]} verb= word place=0 words=() where=() i
	local flags=(${flagsOf(options)})
	for ((i = 1; i < COMP_CWORD; i++)); do
		case \${COMP_WORDS[i]} in
${passing}		${skipped.join(" | ")}) ((i++)) ;;
		-*) ;;
		*) if [[ -z $verb ]]; then verb=\${COMP_WORDS[i]}; else ((place++)); fi ;;
		esac
	done
	case $verb in
${own.join("\n")}
	esac
	case $verb.$place in
	.0) ${words(verbs.map(({ name }) => name))} ;;
${places.join("\n")}
	esac
	[[ $current == -* ]] && words=("\${flags[@]}")
	case \${COMP_WORDS[COMP_CWORD - 1]} in
${values.join("\n")}
	esac
	# Not "compgen -W", which would execute commands in the name of a VM.
	COMPREPLY=()
	for word in "\${words[@]}"; do
		[[ $word == "$current"* ]] && COMPREPLY+=("$(printf %q "$word")")
	done
}

complete -F ${prefix} ${program}
`;
}

/** The commands that ask a daemon for names: the local one, or that of the options on the command line. */
function lookupsOf(program: string, prefix: string): string {
  return `
${prefix}_vm() {
	${program} --timeout 1 "\${where[@]}" --json list 2>/dev/null | grep -o '"name":"[^"\\\\]*"' | cut -d '"' -f 4
}

${prefix}_channels() {
	echo all
}

${prefix}_cpu() {
	local path
	if ((\${#where[@]} > 0)); then
		${program} --timeout 1 "\${where[@]}" --json show-cpu-freq 2>/dev/null | grep -o '"pcpu":[0-9]*' | cut -d : -f 2 | sort -nu
	else
		for path in /sys/devices/system/cpu/cpu[0-9]*; do echo "\${path##*/cpu}"; done
	fi
}

${prefix}_cpus() {
	${prefix}_cpu
}
`;
}

function flagsOf(options: readonly CompletedOption[]): string {
  return options.flatMap(({ flags }) => flags).join(" ");
}

/** The statement that sets `words`. */
function wordsOf(kind: Kind | undefined, prefix: string): string {
  if (kind === undefined || kind === "text") return "words=()";
  return typeof kind === "string" ? `mapfile -t words < <(${prefix}_${kind})` : `words=(${kind.join(" ")})`;
}
