// What each shell is told: ask fleet-tap itself. The first line of the answer says of what kind it is, the others are words with descriptions.
export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const;

export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

export const completionScripts: Readonly<Record<CompletionShell, string>> = {
  bash: `# fleet-tap completion bash > /etc/bash_completion.d/fleet-tap, or: source <(fleet-tap completion bash)
_fleet_tap() {
  local answer line
  mapfile -t answer < <(fleet-tap __complete --line "\${COMP_LINE:0:COMP_POINT}" 2> /dev/null)
  COMPREPLY=()
  case \${answer[0]} in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
    words) for line in "\${answer[@]:1}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done ;;
  esac
}
complete -F _fleet_tap fleet-tap
`,
  zsh: `#compdef fleet-tap
# fleet-tap completion zsh > a folder of $fpath, as _fleet-tap; or: source <(fleet-tap completion zsh)
_fleet_tap() {
  local line
  local -a answer offers
  answer=("\${(@f)$(fleet-tap __complete -- "\${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
  case $answer[1] in
    files) _files ;;
    folders) _files -/ ;;
    words)
      for line in "\${(@)answer[2,-1]}"; do offers+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); done
      _describe -t fleet-tap 'fleet-tap' offers ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _fleet_tap "$@"; else compdef _fleet_tap fleet-tap; fi
`,
  fish: `# fleet-tap completion fish > ~/.config/fish/completions/fleet-tap.fish
function __fish_fleet_tap
  set -l words (commandline -opc)
  set -l answer (fleet-tap __complete -- $words[2..-1] (commandline -ct) 2> /dev/null)
  switch "$answer[1]"
    case files
      __fish_complete_path (commandline -ct)
    case folders
      __fish_complete_directories (commandline -ct)
    case words
      printf '%s\\n' $answer[2..-1]
  end
end
complete -c fleet-tap -f -a '(__fish_fleet_tap)'
`,
};
