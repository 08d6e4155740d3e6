# SPDX-License-Identifier: MIT
"""`writewatch top`: what is printed, what is on the screen, and that nobody is disturbed."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import command
from watching import Watching

MAP = '####....        '  # 16 parts: a quarter written, half there


def row_of(text, address):
    line = next(line for line in text.splitlines() if f' {address} ' in line)
    return line.split()


class Printed(unittest.TestCase):
    def test_once_shows_what_is_there_and_what_is_written(self):
        with Watching() as host:
            shown = command.run('top', host.pid, '--once', '--ascii', '--width', '16')
        self.assertEqual((shown.returncode, shown.stderr), (0, ''))
        self.assertRegex(shown.stdout, r'\A1 process, 2 watches: 2\.0M written of 4\.0M, ')
        pid, name, _, size, committed, written, rate, queries, cost, _, *_ = row_of(
            shown.stdout, host.addresses[0])
        self.assertEqual((pid, name, size, committed, written, rate),
                         (host.pid, 'watching', '8.0M', '4.0M', '2.0M', '0'))
        self.assertGreater(float(queries), 10)
        self.assertLess(float(queries), 250)
        self.assertRegex(cost, r'\A[\d.]+(ns|us|ms)\Z')
        self.assertIn(MAP.rstrip() + '\n', re.sub(r' +\n', '\n', shown.stdout))
        self.assertEqual(row_of(shown.stdout, host.addresses[1])[3:6], ['1.0M', '0', '0'])

    def test_few_queries_of_which_none_was_timed_have_a_cost(self):
        with Watching() as host:
            time.sleep(1)
            for _ in range(6):
                shown = command.run('top', host.pid, '--once', '--interval', '0.1').stdout
                self.assertRegex(row_of(shown, host.addresses[0])[8], r'\A[\d.]+us\Z')
                self.assertRegex(shown, r'queries/s, [\d.]+us each, 0?[\d.]+% of')

    def test_what_is_reset_and_written_again_is_a_rate(self):
        with Watching('resets') as host:
            shown = command.run('top', host.pid, '--once', '--interval', '1')
        rate = row_of(shown.stdout, host.addresses[0])[6]
        self.assertRegex(rate, r'\A[\d.]+M\Z')
        self.assertGreater(float(rate[:-1]), 2)

    def test_nothing_is_reset_by_looking(self):
        with Watching() as host:
            for _ in range(3):
                command.run('top', host.pid, '--once', '--interval', '0.05')
            self.assertEqual(host.written_pages(), 2 * 1024 * 1024 // os.sysconf('SC_PAGESIZE'))

    def test_found_by_name_or_without_one(self):
        with Watching() as host:
            for arguments in [('watching',), ()]:
                shown = command.run('top', *arguments, '--once')
                self.assertIn(host.addresses[0], shown.stdout)

    def test_largest_first(self):
        # All of the first watch is more; so its address has to be the larger one, too.
        for _ in range(50):
            with Watching('resets') as host:
                first, second = (int(address, 16) for address in host.addresses)
                if first < second:
                    continue
                orders = {key: command.run('top', host.pid, '--once', '--interval', '0.3', '--sort',
                                           key).stdout for key in
                          ['process', 'size', 'committed', 'written', 'rate', 'queries', 'time']}
            for key, shown in orders.items():
                at = [shown.index(address) for address in host.addresses]
                self.assertEqual(at[0] < at[1], key != 'process', (key, shown))
            return
        self.fail('no watch came where it was needed')

    def test_overlay_is_one_short_line_at_a_time(self):
        with Watching('resets') as host:
            shown = command.run('top', host.pid, '--overlay', '--count', '2', '--interval', '0.3')
        lines = shown.stdout.splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r'\Aww [\d.]+M/s written, \d+ q/s x [\d.]+us = [\d.]+%\Z')
            self.assertLess(len(line), 60)

    def test_ends_with_the_process(self):
        host = Watching()
        with subprocess.Popen([command.COMMAND, 'top', host.pid, '--overlay', '--interval', '0.1'],
                              stdout=subprocess.PIPE, text=True) as top:
            top.stdout.readline()
            host.end()
            self.assertEqual(top.wait(10), 0)


class Refused(unittest.TestCase):
    def refuse(self, *arguments, **options):
        refused = command.run('top', *arguments, **options)
        self.assertEqual((refused.returncode, refused.stdout), (1, ''))
        self.assertRegex(refused.stderr, r'\Awritewatch: [^\n]+\n\Z')
        return refused.stderr

    def test_no_such_process(self):
        self.assertIn('there is no process 2147483647', self.refuse('2147483647', '--once'))
        # As a number of fewer bits it may well be one.
        number = str((1 << 32) + os.getpid())
        self.assertIn(f'there is no process {number}\n', self.refuse(number, '--once'))
        self.assertIn('no process named "no-such-name"', self.refuse('no-such-name', '--once'))

    def test_of_another_user(self):
        if os.geteuid() != 0:
            self.assertIn('belongs to another user (number 0)', self.refuse('1', '--once'))
            return
        with tempfile.TemporaryDirectory() as folder, Watching() as host:
            os.chmod(folder, 0o755)
            program = shutil.copy(command.COMMAND, folder)
            refused = subprocess.run(
                ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', program, 'top',
                 host.pid, '--once'], text=True, capture_output=True, check=False)
        self.assertEqual((refused.returncode, refused.stdout), (1, ''))
        self.assertRegex(refused.stderr, r'belongs to another user \(number 0\).*with sudo\n')

    @unittest.skipIf(os.geteuid(), 'only root becomes another')
    def test_by_name_of_another_user_and_nothing_without_one(self):
        nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
        with tempfile.TemporaryDirectory() as folder, Watching():
            os.chmod(folder, 0o755)
            program = shutil.copy(command.COMMAND, folder)
            named, all_of_them = (subprocess.run(
                [*nobody, program, 'top', *words, '--once'], text=True, capture_output=True,
                check=False) for words in (['watching'], []))
        self.assertEqual((named.returncode, named.stdout), (1, ''))
        self.assertRegex(named.stderr, r'belongs to another user \(number 0\).*with sudo\n')
        self.assertEqual((all_of_them.returncode, all_of_them.stderr), (0, ''))
        self.assertIn('Nothing is watched that you may look at.', all_of_them.stdout)

    def test_that_watches_nothing(self):
        self.assertIn('watches nothing', self.refuse(str(os.getpid()), '--once'))

    def test_that_is_a_forked_child_of_one_that_watches(self):
        with Watching('forks') as host:
            children = Path(f'/proc/{host.pid}/task/{host.pid}/children').read_text(encoding='utf-8')
            self.assertIn('watches nothing', self.refuse(children.strip(), '--once'))

    def test_that_counts_nothing(self):
        with Watching(env={**os.environ, 'WRITEWATCH_COUNTERS': 'off'}) as host:
            self.assertIn('watches nothing', self.refuse(host.pid, '--once'))

    def test_without_a_terminal(self):
        with Watching() as host:
            self.assertIn('needs a terminal', self.refuse(host.pid))


class OnScreen(unittest.TestCase):
    """In tmux, with keys sent to it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.terminals = 0
        self.host = Watching()

    def tearDown(self):
        self.tmux('kill-server')
        self.host.end()
        shutil.rmtree(self.folder)

    def tmux(self, *arguments):
        return subprocess.run(
            ['tmux', '-f', '/dev/null', '-S', f'{self.folder}/socket{self.terminals}', *arguments],
            text=True, capture_output=True, check=False).stdout

    def another_terminal(self):
        self.tmux('kill-server')
        self.terminals += 1

    def start(self, *arguments):
        self.tmux('new-session', '-d', '-x', '120', '-y', '20',
                  f'LC_ALL=C.UTF-8 {command.COMMAND} top {" ".join(arguments)}; echo ended; sleep 60')

    def press(self, *keys):
        self.tmux('send-keys', *keys)

    def see(self, *wanted):
        """The screen, once it has all of this."""
        for _ in range(100):
            screen = self.tmux('capture-pane', '-p')
            if all(text in screen for text in wanted):
                return screen
            time.sleep(0.1)
        self.fail(f'not on the screen: {wanted}\n{screen}')

    def test_table_map_help_pause_sort_and_quit(self):
        self.start(self.host.pid, '--ascii', '--interval', '0.2')
        first, second = self.host.addresses
        table = self.see('writewatch top', '2.0M written of 4.0M', first, second, 'sorted by process')
        row = next(line for line in table.splitlines() if first in line)
        # 25 columns are left for the map of 8 MiB.
        self.assertRegex(row, r' ######[#*+]?[.-]?\.{5}$')
        self.press('h')
        self.see('sort by written a second', 'Enter')
        self.press('h')
        self.see('PROGRAM')
        # The other watch comes first where its address is lower.
        if table.index(second) < table.index(first):
            self.press('Down')
        self.press('Enter')
        memory = self.see(f'watching ({self.host.pid}), 8.0M at {first}')
        body = [line[14:] for line in memory.splitlines()[4:] if line.strip()]
        cells = ''.join(line.ljust(105) for line in body)
        self.assertEqual(re.sub(r'[*+-]', '', cells.strip()), '#' * 420 + '.' * 420)
        self.press('Escape')
        self.press('Space')
        self.see('writewatch top [paused]', 'PROGRAM')
        self.press('Space')
        self.press('s')
        screen = self.see('sorted by size')
        self.assertLess(screen.index(first), screen.index(second))
        self.press('q')
        self.see('ended')

    def test_blocks_where_the_terminal_has_them(self):
        self.start(self.host.pid)
        self.see('█████', '····')

    def test_an_unknown_kind_of_terminal_is_said(self):
        for kind in ['TERM=no-such', '-u TERM']:
            self.tmux('new-session', '-d', '-x', '200', '-y', '20',
                      f'env {kind} {command.COMMAND} top {self.host.pid}; echo ended $?; sleep 60')
            screen = self.see('ended 1', 'nothing is known of this kind of terminal')
            self.assertIn('TERM="no-such"' if 'no-such' in kind else 'TERM=""', screen)
            self.another_terminal()

    def test_columns_go_where_there_are_few_and_the_map_stays(self):
        for columns, gone in [(110, []), (100, ['ADDRESS']), (80, ['ADDRESS', 'COMMITTED', 'CPU'])]:
            self.tmux('new-session', '-d', '-x', str(columns), '-y', '10',
                      f'{command.COMMAND} top {self.host.pid} --ascii; sleep 60')
            screen = self.see('PROGRAM', '###')
            for name in ['ADDRESS', 'COMMITTED', 'CPU', 'QUERIES/s', 'MAP']:
                self.assertEqual(name not in screen, name in gone, (columns, name, screen))
            self.assertIn('h: help, q: quit', screen)
            self.another_terminal()

    def test_nothing_changes_while_it_is_paused(self):
        self.start(self.host.pid, '--interval', '0.1')
        self.see('PROGRAM')
        self.press('Space')
        paused = self.see('[paused]')
        self.host.end()
        time.sleep(1)
        self.assertEqual(self.tmux('capture-pane', '-p'), paused)
        self.press('Space')
        self.see('ended')

    def test_a_program_that_ends_ends_it(self):
        self.start(self.host.pid)
        self.see('PROGRAM')
        self.host.end()
        self.see('ended')

    def test_a_small_terminal_is_no_trouble(self):
        self.tmux('new-session', '-d', '-x', '20', '-y', '3',
                  f'{command.COMMAND} top {self.host.pid}; echo ended; sleep 60')
        self.see('writewatch top')
        self.press('Enter')
        self.see('too small')


if __name__ == '__main__':
    command.main()
