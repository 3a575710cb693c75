import { Argument, Command } from 'commander';
import { type CommandRunner } from './dead-letters/command';
import { type Terminal } from './terminal';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export function completionCommand(terminal: Terminal, run: CommandRunner): Command {
  const command = new Command('completion')
    .description('print a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText('after', HELP);
  return command.action((shell: Shell) => {
    terminal.out(scriptFor(shell, wordsOf(command.parent ?? command)));
    return run(Promise.resolve(0));
  });
}

/** The completions after a command: its subcommands and options. */
interface Words {
  /** The command as typed, for example `dead-letters list`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly string[];
}

function wordsOf(command: Command, path: readonly string[] = []): readonly Words[] {
  const options = command.options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long]));
  const words = [...command.commands.map((below) => below.name()), ...options, '--help'];
  return [
    { path: path.join(' '), words },
    ...command.commands.flatMap((below) => wordsOf(below, [...path, below.name()])),
  ];
}

function scriptFor(shell: Shell, all: readonly Words[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(all);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(all)}`;
    case 'fish':
      return fishScript(all);
  }
}

/** Options are skipped: `dead-letters --json list` has the path `dead-letters list`. */
function bashScript(all: readonly Words[]): string {
  const cases = all.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`);
  return `_pdaltagent() {
  local word path= words= index=1
  while [ $index -lt $COMP_CWORD ]; do
    word=\${COMP_WORDS[$index]}
    case $word in -*) ;; *) path="$path\${path:+ }$word" ;; esac
    index=$((index + 1))
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "\${COMP_WORDS[$COMP_CWORD]}") )
}
complete -o default -F _pdaltagent pdaltagent
`;
}

function fishScript(all: readonly Words[]): string {
  const lines = all.map(({ path, words }) => {
    const typed = path === '' ? 'pdaltagent' : `pdaltagent ${path}`;
    return `complete -c pdaltagent -f -n 'test (string join " " -- (string match -v -- "-*" (commandline -opc))) = "${typed}"' -a '${words.join(' ')}'`;
  });
  return `${lines.join('\n')}\n`;
}

const HELP = `
examples:
  source <(pdaltagent completion bash)       bash, for this session
  pdaltagent completion bash >/etc/bash_completion.d/pdaltagent
  pdaltagent completion zsh >>~/.zshrc
  pdaltagent completion fish >~/.config/fish/completions/pdaltagent.fish
`;
