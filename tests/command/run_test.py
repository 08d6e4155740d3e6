# SPDX-License-Identifier: MIT
"""writewatch run: the program runs as it would without, and the line is right.

usage: run_test.py COMMAND ASKING PREFIX [WINDOWS_PROGRAM]
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import command

ASKING = sys.argv.pop(1)
PREFIX = sys.argv.pop(1)
DEMO = sys.argv.pop(1) if len(sys.argv) > 1 else None
NO_TRACKING = command.why_not_tracking()
NO_WINE = None if DEMO and shutil.which('/usr/lib/wine/wine64') else "needs the plugin and Debian's Wine"
NOTHING = 'writewatch: nothing was watched: '
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith(('WRITEWATCH', 'WINE', 'LD_'))}
ENVIRONMENT.update(WINEPREFIX=PREFIX, WINEDEBUG='-all', DISPLAY='')


def run(*arguments, **options):
    options.setdefault('env', ENVIRONMENT)
    return command.run('run', *arguments, **options)


def last_line(process):
    return process.stderr.splitlines()[-1]


class Program(unittest.TestCase):
    """Nothing of the program is changed."""

    def test_words_pass_as_they_are(self):
        words = ['[a,b]', '', '--', '-x', '--stock', '{}', '%%', 'two words', 'run']
        for mark in [['--'], []]:
            process = run(*mark, 'printf', '<%s>', *words)
            self.assertEqual(process.stdout, ''.join(f'<{word}>' for word in words))

    def test_input_output_and_status_are_the_programs(self):
        process = run('--', 'sh', '-c', 'cat; echo wrong >&2; exit 7', stdin=None, input='right')
        self.assertEqual((process.returncode, process.stdout), (7, 'right'))
        self.assertTrue(process.stderr.startswith('wrong\n' + NOTHING), process.stderr)

    def test_a_signal_that_ends_the_program_ends_the_command(self):
        for number in [signal.SIGTERM, signal.SIGSEGV, signal.SIGKILL]:
            process = run('--', 'sh', '-c', f'echo "$WRITEWATCH_COUNTERS"; kill -{number.value} $$')
            self.assertEqual(process.returncode, -number)
            self.assertFalse(Path(process.stdout.strip()).exists())
            self.assertTrue(last_line(process).startswith(NOTHING))

    def test_a_signal_sent_to_the_command_reaches_the_program(self):
        for name, status in [('TERM', 5), ('USR1', 6)]:
            waiting = subprocess.Popen(
                [command.COMMAND, 'run', '--', 'sh', '-c',
                 f'trap "exit {status}" {name}; echo up; while :; do sleep 0.05; done'],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT)
            self.assertEqual(waiting.stdout.readline(), 'up\n')
            waiting.send_signal(getattr(signal, 'SIG' + name))
            self.assertEqual(waiting.wait(20), status)
            waiting.stdout.close()

    def test_a_program_that_does_not_end_is_killed_at_the_limit(self):
        start = time.monotonic()
        process = run('--limit', '1', '--', 'sleep', '50')
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(process.returncode, -signal.SIGKILL)
        self.assertIn('writewatch: killed after 1 second\n', process.stderr)

    def test_a_caller_that_ignores_its_children_does_not_matter(self):
        ignoring = ['python3', '-c', 'import os, signal, sys; signal.signal(signal.SIGCHLD, '
                    'signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])']
        self.assertEqual(run('--', 'sh', '-c', 'exit 3', before=ignoring).returncode, 3)

    def test_what_cannot_be_started_has_the_status_that_shells_give(self):
        for words, status in [(['--', '/no/such'], 127), (['--', '/etc/passwd'], 126), ([], 2),
                              (['--no-such', '--', 'true'], 2), (['--rounds', '2', '--', 'true'], 2),
                              (['--wine', '/bin/true', '--', 'true'], 2)]:
            process = run(*words)
            self.assertEqual((process.returncode, process.stdout), (status, ''), words)
            self.assertRegex(process.stderr, r'\Awritewatch: [^\n]+\n\Z')


class Libraries(unittest.TestCase):
    """What is put into a program, and what not."""

    def settings(self, *options, **variables):
        process = run(*options, '--', 'env', env={**ENVIRONMENT, **variables})
        lines = [line.partition('=') for line in process.stdout.splitlines()]
        return {name: value for name, _, value in lines}

    def test_the_plugin_comes_along_behind_what_is_preloaded_already(self):
        preload = self.settings(LD_PRELOAD='libc.so.6')['LD_PRELOAD'].split(':')
        self.assertEqual(preload[0], 'libc.so.6')
        self.assertEqual([Path(p).name for p in preload[1:]],
                         ['libwritewatch-wine.so'] if DEMO else [])

    def test_stock_runs_without_us(self):
        settings = self.settings('--stock')
        self.assertEqual(settings['WRITEWATCH'], 'off')
        self.assertNotIn('LD_PRELOAD', settings)
        self.assertEqual(settings['WRITEWATCH_BACKEND'], 'mprotect')

    def test_the_folder_for_counters_is_there_meanwhile_and_gone_afterwards(self):
        process = run('--', 'sh', '-c', 'ls -d "$WRITEWATCH_COUNTERS"')
        self.assertEqual(process.returncode, 0)
        self.assertFalse(Path(process.stdout.strip()).exists())

    def test_a_path_with_spaces_is_preloaded_too(self):
        if not DEMO:
            self.skipTest(NO_WINE)
        with tempfile.TemporaryDirectory(suffix=' with space') as folder:
            place = Path(folder) / 'tracker' / 'command'
            place.mkdir(parents=True)
            shutil.copy(command.COMMAND, place)
            built = Path(command.COMMAND).parents[2] / 'wine-shim'
            shutil.copytree(built, Path(folder) / 'wine-shim', ignore=lambda at, names: [
                name for name in names if name != 'libwritewatch-wine.so'])
            process = subprocess.run(
                [place / 'writewatch', 'run', '--', 'cat', '/proc/self/maps'], text=True, check=False,
                capture_output=True, env=ENVIRONMENT)
        self.assertIn(folder + '/wine-shim/libwritewatch-wine.so', process.stdout, process.stderr)

    @unittest.skipIf(NO_TRACKING, NO_TRACKING)
    def test_the_heap_of_a_native_program_is_watched_if_wished(self):
        if not any(Path(command.COMMAND).parents[2].glob('allocator-hooks/libwritewatch-malloc.so')):
            self.skipTest('needs mimalloc')
        process = run('--heap', '--', sys.executable, '-c', 'print(len([str(i) for i in range(9999)]))')
        self.assertEqual((process.returncode, process.stdout), (0, '9999\n'))
        self.assertRegex(last_line(process), r'\Awritewatch: \d+ watch(es)?, but no query: nobody asked')


@unittest.skipIf(NO_TRACKING, NO_TRACKING)
class Line(unittest.TestCase):
    def test_counts_of_a_native_program(self):
        process = run('--', ASKING, '100', '3')
        self.assertEqual((process.returncode, process.stdout),
                         (3, '300 pages, written afterwards: 0\n'))
        self.assertRegex(last_line(process), r'\Awritewatch: 101 queries of 1 watch reported 300 pages '
                         r'in [\d.]+ [mu]s \([\d.]+ us each\); [\d,]+ page faults without a signal, where '
                         r"stock Wine's way takes 300 signals and 400 mprotect calls\Z")

    def test_counts_of_several_processes_are_added_up(self):
        process = run('--', 'sh', '-c', '"$0" 10 0 & "$0" 20 0 & wait', ASKING)
        self.assertIn('writewatch: 32 queries of 2 watches reported 90 pages', last_line(process))

    def test_without_a_watch_it_says_so(self):
        self.assertTrue(run('--', 'true').stderr.startswith(NOTHING))

    def test_counters_of_another_version_are_said_and_not_misread(self):
        process = run('--', 'sh', '-c', 'echo other > "$WRITEWATCH_COUNTERS/1-0.counters"')
        self.assertEqual(process.returncode, 0)
        self.assertRegex(process.stderr, r'\Awritewatch: [^\n]*of another version[^\n]*\n\Z')

    @unittest.skipIf(NO_WINE, NO_WINE)
    def test_a_windows_program_runs_in_wine_with_the_plugin(self):
        process = run('--', DEMO, 'store-once', '64')
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn('64 pages\t64 pages\tok', process.stdout)
        self.assertRegex(last_line(process), r'\Awritewatch: 1 query of 1 watch reported 64 pages .*'
                         'way takes 64 signals and 64 mprotect calls')
        self.assertEqual(run('--', DEMO, 'no-such-mode').returncode, 2)
        self.assertEqual(run('--stock', '--', DEMO, 'store-once', '64').stderr, '')


@unittest.skipIf(NO_TRACKING, NO_TRACKING)
class Comparison(unittest.TestCase):
    def rows(self, card):
        return {name: values.split('  ') for name, values in
                re.findall(r'(?m)^([a-zW][\w, ]*?)  +(\S.*)$', card)}

    def test_a_program_that_asks_the_library_is_compared_with_mprotect(self):
        process = run('--compare', '--rounds', '2', '--', ASKING, '50', '0')
        self.assertEqual((process.returncode, process.stderr), (0, ''))
        rows = self.rows(process.stdout)
        self.assertEqual(rows['program'], [f'{ASKING} 50 0'])
        self.assertIn('Linux', rows['kernel'][0])
        self.assertIn('   by mprotect    writewatch       ratio\n', process.stdout)
        self.assertEqual(re.split(' +', rows['queries'][-1])[-1], '51')
        self.assertEqual([r.strip() for r in rows['pages reported'] if r], ['150', '150'])
        self.assertRegex(rows['time'][-1], r'\A *\d+\.\d\d x\Z')
        self.assertEqual(process.stdout.count('medians of 2 rounds'), 1)

    def test_a_program_that_fails_is_shown_and_not_compared(self):
        process = run('--compare', '--', ASKING, '1', '4')
        self.assertEqual((process.returncode, process.stdout), (1, ''))
        self.assertIn('3 pages, written afterwards: 0\n', process.stderr)
        self.assertIn('asking: done\n', process.stderr)
        self.assertIn('ended with status 4', last_line(process))

    def test_a_program_that_watches_nothing_cannot_be_compared(self):
        process = run('--compare', '--rounds', '1', '--', 'true')
        self.assertEqual(process.returncode, 1)
        self.assertTrue(last_line(process).startswith(NOTHING))

    @unittest.skipIf(NO_WINE, NO_WINE)
    def test_a_windows_program_on_stock_wine_and_with_the_plugin(self):
        process = run('--compare', '--rounds', '1', '--', DEMO, 'store-once', '64')
        self.assertEqual((process.returncode, process.stderr), (0, ''))
        rows = self.rows(process.stdout)
        self.assertIn('/usr/lib/wine/wine64', rows['Wine'][0])
        self.assertEqual(rows['pages reported'], ['64'])
        self.assertEqual(rows['signals for them'][0], '~64')


if __name__ == '__main__':
    command.main()
