# SPDX-License-Identifier: MIT
"""The man page and shell completion, which are made from the command line."""

import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import command


def document(form):
    process = command.run('document', form)
    if process.returncode != 0 or process.stderr:
        raise AssertionError(process.stderr)
    return process.stdout


def shown(*arguments):
    return command.run(*arguments, '--help').stdout


def options_of(help_text):
    return set(re.findall(r'(?m)^  (?:-\w,)?(--[\w-]+)', help_text))


SUBCOMMANDS = re.findall(r'(?m)^  (\w+) {2,}\w', shown().partition('Subcommands:')[2])


def needs(program):
    return unittest.skipUnless(shutil.which(program), f'needs {program}')


class ManPage(unittest.TestCase):
    @needs('mandoc')
    def test_mandoc_finds_nothing_wrong(self):
        lint = subprocess.run(['mandoc', '-Tlint', '-Wstyle'], input=document('man'), text=True,
                              capture_output=True, check=False)
        self.assertEqual((lint.returncode, lint.stdout), (0, ''))

    @needs('mandoc')
    def test_every_command_and_option_is_in_it(self):
        page = subprocess.run(['mandoc', '-Tutf8', '-Owidth=200'], input=document('man'), text=True,
                              capture_output=True, check=True).stdout
        page = re.sub('.\b', '', page)
        for name in SUBCOMMANDS:
            self.assertIn('writewatch ' + name, page)
            section = page.partition(f'\n   {name}\n')[2]
            for option in options_of(shown(name)):
                self.assertIn(option, section)
        self.assertNotIn('document', page)


class Bash(unittest.TestCase):
    def ask(self, *words, library=''):
        """What bash itself would offer for the last word."""
        script = library + '''
            source "$0" && complete -p writewatch >/dev/null || exit 1
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            _writewatch writewatch "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"'''
        with tempfile.NamedTemporaryFile('w', suffix='.bash') as file:
            file.write(document('bash'))
            file.flush()
            answer = subprocess.run(['bash', '--norc', '-c', script, file.name, 'writewatch', *words],
                                    text=True, capture_output=True, check=False)
        self.assertEqual((answer.returncode, answer.stderr), (0, ''))
        return set(answer.stdout.split())

    def test_subcommands_and_their_options(self):
        self.assertLessEqual({*SUBCOMMANDS, '--version'}, self.ask(''))
        self.assertEqual(self.ask('doc'), {'doctor'})
        for name in SUBCOMMANDS:
            self.assertEqual(self.ask(name, '--'), options_of(shown(name)))

    def test_values_of_options(self):
        self.assertEqual(self.ask('doctor', '--need', 'pl'), {'plugin', 'plugin-32'})
        self.assertEqual(self.ask('run', '--wine', '/etc/host'), {
            str(path) for path in Path('/etc').glob('host*')})
        self.assertEqual(self.ask('run', '--rounds', ''), set())

    def test_behind_the_mark_it_is_about_the_program(self):
        self.assertIn('printf', self.ask('run', '--', 'print'))
        self.assertEqual(self.ask('run', '--', 'cat', '/etc/passw'), {
            str(path) for path in Path('/etc').glob('passw*')})
        self.assertEqual(self.ask('run', '--', 'cat', '--comp'), set())

    @unittest.skipUnless(os.path.exists('/usr/share/bash-completion/bash_completion'),
                         'needs bash-completion')
    def test_bash_completion_loads_it_by_its_name(self):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / 'bash-completion/completions/writewatch'
            place.parent.mkdir(parents=True)
            place.write_text(document('bash'), encoding='utf-8')
            loaded = subprocess.run(
                ['bash', '--norc', '-ic', '. /usr/share/bash-completion/bash_completion; '
                 '_completion_loader writewatch; complete -p writewatch'], text=True, check=False,
                capture_output=True, stdin=subprocess.DEVNULL,
                env={**os.environ, 'XDG_DATA_DIRS': folder})
        self.assertIn('-F _writewatch writewatch', loaded.stdout)


def typed(shell, setup, keys, expected, seconds=15):
    """Whether an interactive shell shows what is expected after these keys."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe(shell[0], shell, {**os.environ, 'TERM': 'xterm', 'PS1': '> ', 'COLUMNS': '200'})
    text = ''
    deadline = time.monotonic() + seconds

    def read_until(pattern):
        nonlocal text
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                try:
                    text += os.read(terminal, 65536).decode(errors='replace')
                except OSError:
                    break
            if re.search(pattern, text):
                return True
        return False

    os.write(terminal, (setup + '; echo ready''-now\r').encode())
    read_until(r'\nready-now')
    text = ''
    os.write(terminal, keys.encode())
    found = read_until(expected)
    os.close(terminal)
    os.kill(process, 9)
    os.waitpid(process, 0)
    return found, text


class Zsh(unittest.TestCase):
    @needs('zsh')
    def test_a_tab_completes_subcommands_options_and_values(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, '_writewatch').write_text(document('zsh'), encoding='utf-8')
            setup = f'fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste'
            for keys, expected in [('writewatch doc\t', r'writewatch doctor'),
                                   ('writewatch run --comp\t', r'--compare'),
                                   ('writewatch doctor --need us\t', r'userfaultfd'),
                                   ('writewatch \t\t', r'(?s)doctor.*Tells what this machine')]:
                found, text = typed(['zsh', '-f', '-i'], setup, keys, expected)
                self.assertTrue(found, (keys, text))


class Fish(unittest.TestCase):
    def ask(self, line):
        with tempfile.NamedTemporaryFile('w', suffix='.fish') as file:
            file.write(document('fish'))
            file.flush()
            answer = subprocess.run(['fish', '--no-config', '-c', f'source {file.name}; complete -C "{line}"'],
                                    text=True, capture_output=True, check=False, timeout=60)
        self.assertEqual((answer.returncode, answer.stderr), (0, ''))
        return {found.partition('\t')[0] for found in answer.stdout.splitlines()}

    @needs('fish')
    def test_subcommands_options_and_values(self):
        self.assertLessEqual(set(SUBCOMMANDS), self.ask('writewatch '))
        for name in SUBCOMMANDS:
            self.assertLessEqual(options_of(shown(name)), self.ask(f'writewatch {name} --'))
        self.assertEqual(self.ask('writewatch doctor --need plu'), {'plugin', 'plugin-32'})


if __name__ == '__main__':
    command.main()
