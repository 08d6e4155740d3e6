# SPDX-License-Identifier: MIT
"""writewatch doctor, wherever users may find themselves."""

import json
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import command

DENYING = [sys.executable, '-B', str(Path(__file__).with_name('denying.py'))]
NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
ALONE = ['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork']
NO_NAMESPACES = command.subprocess.run([*ALONE, 'true'], check=False, capture_output=True).returncode
AS_ROOT = os.getuid() == 0
NO_TRACKING = command.why_not_tracking()
WINE = shutil.which('/usr/lib/wine/wine64')
PLUGIN = any(Path(command.COMMAND).parents[2].glob('wine-shim/libwritewatch-wine.so'))


def examine(*arguments, before=(), **options):
    """The exit status, and the findings by topic; of several wines a list."""
    process = command.run('doctor', '--json', *arguments, before=before, **options)
    if process.stderr:
        raise AssertionError(process.stderr)
    answer = json.loads(process.stdout)
    findings = {}
    for finding in answer['findings']:
        findings.setdefault(finding['topic'], []).append(finding)
    if answer['serves'] != (process.returncode == 0):
        raise AssertionError('the answer and the exit status differ')
    return process.returncode, findings


def state(findings, topic):
    return findings[topic][0]['state']


@unittest.skipIf(NO_TRACKING, NO_TRACKING)
class Kernel(unittest.TestCase):
    def assert_works(self, **options):
        status, findings = examine(**options)
        self.assertEqual(status, 0, findings)
        for topic in ['kernel', 'userfaultfd', 'pagemap', 'backend', 'tracking']:
            self.assertEqual(state(findings, topic), 'ok', findings[topic])
        self.assertIn('5 of 5', findings['tracking'][0]['fact'])
        return findings

    def test_works_for_this_user(self):
        self.assert_works()

    @unittest.skipUnless(AS_ROOT, 'only root becomes another')
    def test_works_for_another_user_without_the_device(self):
        findings = self.assert_works(before=NOBODY)
        self.assertIn('/dev/userfaultfd EACCES', findings['userfaultfd'][0]['proof'])

    @unittest.skipIf(NO_NAMESPACES, 'namespaces are not allowed here')
    def test_works_without_network_in_namespaces_of_its_own(self):
        self.assert_works(before=ALONE)

    def test_an_older_kernel_is_told_what_is_needed(self):
        status, findings = examine(before=['setarch', '--uname-2.6'])
        self.assertEqual((status, state(findings, 'kernel')), (0, 'note'))
        self.assertIn('install Linux 6.7', findings['kernel'][0]['remedy'])

    @unittest.skipIf(NO_NAMESPACES, 'namespaces are not allowed here')
    def test_without_page_tables_it_says_what_to_mount(self):
        hide = 'mount -t tmpfs none /proc && exec "$@"'
        _, findings = examine(before=[*ALONE, 'sh', '-c', hide, 'sh'])
        self.assertEqual(state(findings, 'pagemap'), 'FAIL')
        self.assertIn('mount /proc', findings['pagemap'][0]['remedy'])

    def test_facts_are_those_of_the_machine(self):
        findings = self.assert_works()
        release = os.uname().release
        self.assertIn(f'Linux {release} on {os.uname().machine}', findings['kernel'][0]['fact'])
        most = Path('/proc/sys/vm/max_map_count').read_text(encoding='utf-8').strip()
        self.assertTrue(findings['mappings'][0]['fact'].startswith(f'{most} at most; '))
        choice = Path('/sys/kernel/mm/transparent_hugepage/enabled')
        if choice.exists():
            chosen = choice.read_text(encoding='utf-8').partition('[')[2].partition(']')[0]
            self.assertIn(f'transparent: {chosen}, ', findings['huge-pages'][0]['fact'])
        filtered = 'Seccomp:\t2' in Path('/proc/self/status').read_text(encoding='utf-8')
        self.assertEqual('are filtered' in findings['sandbox'][0]['fact'], filtered)

    def test_a_command_alone_has_no_plugin_and_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(command.COMMAND, folder)
            process = command.subprocess.run([alone, 'doctor', '--json', '--need', 'plugin'],
                                             capture_output=True, text=True, check=False)
        plugin = next(found for found in json.loads(process.stdout)['findings']
                      if found['topic'] == 'plugin')
        self.assertEqual((process.returncode, plugin['state']), (1, 'note'))
        self.assertIn('for Windows programs install it', plugin['remedy'])
        self.assertEqual(examine('--need', 'plugin')[0], 0 if PLUGIN else 1)

    def test_text_has_a_line_for_each_finding_and_a_verdict(self):
        process = command.run('doctor')
        self.assertEqual(process.returncode, 0)
        self.assertRegex(process.stdout, r'(?m)^ok    kernel +Linux \d.* \[uname')
        self.assertTrue(process.stdout.endswith('\nwritewatch works here.\n'))
        for line in process.stdout.splitlines():
            if len(line.split()) > 2:  # a path may be long
                self.assertLess(len(line), 101, line)


class Denied(unittest.TestCase):
    def denied(self, error):
        before = [*(NOBODY if AS_ROOT else []), *DENYING, error]
        return examine(before=before)

    def test_userfaultfd_denied_says_by_what_and_what_helps(self):
        for error in ['EPERM', 'ENOSYS']:
            with self.subTest(error):
                status, findings = self.denied(error)
                access = findings['userfaultfd'][0]
                self.assertEqual(access['state'], 'FAIL')
                self.assertIn('the system call ' + error, access['proof'])
                self.assertRegex(access['remedy'], 'seccomp')
                self.assertIn('system calls are filtered', findings['sandbox'][0]['fact'])
                # Another back end may serve.
                none = findings['backend'][0]['fact'].startswith('none: ')
                self.assertEqual(status, 1 if none else 0)
                self.assertEqual(state(findings, 'tracking'), 'FAIL' if none else 'ok')

    @unittest.skipIf(NO_TRACKING, NO_TRACKING)
    @unittest.skipUnless(os.access('/dev/userfaultfd', os.W_OK), 'needs the device')
    def test_the_device_serves_where_the_call_is_denied(self):
        status, findings = examine(before=[*DENYING, 'EPERM'])
        self.assertEqual((status, state(findings, 'tracking')), (0, 'ok'))
        self.assertIn('through its device', findings['userfaultfd'][0]['fact'])


def script(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(['#!/bin/sh', *lines, '']), encoding='utf-8')
    path.chmod(0o755)


class Wines(unittest.TestCase):
    """A home folder with Wines, as Steam and others leave them there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.environment = {**os.environ, 'HOME': folder.name}
        for name in ['WINELOADER', 'LD_PRELOAD']:
            self.environment.pop(name, None)

    def findings(self, *arguments):
        return examine(*arguments, env=self.environment)[1]

    def wine(self, name):
        return next(f for f in self.findings()['wine'] if name in f['fact'])

    @unittest.skipUnless(PLUGIN and WINE, "needs the plugin and Debian's Wine")
    def test_the_plugin_looks_at_the_tables_of_an_installed_wine_and_makes_no_prefix(self):
        found = self.wine('(system)')
        self.assertEqual(found['state'], 'ok')
        self.assertIn('serving write watches (', found['fact'])
        self.assertEqual(list(self.home.iterdir()), [])
        self.assertEqual(examine('--need', 'wine', env=self.environment)[0], 0)

    @unittest.skipUnless(PLUGIN and WINE, "needs the plugin and Debian's Wine")
    def test_proton_in_a_second_steam_library_is_asked_too(self):
        steam = self.home / '.local/share/Steam/steamapps'
        steam.mkdir(parents=True)
        steam.joinpath('libraryfolders.vdf').write_text(
            '"libraryfolders"\n{\n\t"0"\n\t{\n\t\t"path"\t\t"%s"\n\t}\n}\n' %
            (self.home / 'big disk'), encoding='utf-8')
        script(self.home / 'big disk/steamapps/common/Proton 9.0/files/bin/wine64',
               'exec /usr/lib/wine/wine64 "$@"')
        found = self.wine('Steam, Proton 9.0')
        self.assertEqual(found['state'], 'ok')
        self.assertIn('serving', found['fact'])

    def test_what_the_plugin_says_against_a_wine_is_passed_on(self):
        script(self.home / '.local/share/lutris/runners/wine/odd-1/bin/wine64',
               'echo wine-99.0', 'echo "writewatch: standing aside: NtOdd is not in ntdll.so" >&2')
        found = self.wine('Lutris, odd-1')
        self.assertEqual(found['state'], 'FAIL')
        self.assertIn('wine-99.0', found['fact'])
        self.assertIn('NtOdd is not in ntdll.so', found['fact'])

    def test_a_wine_that_does_not_run_here_is_only_noted(self):
        script(self.home / '.local/share/bottles/runners/soda/bin/wine', 'echo no library >&2',
               'exit 127')
        found = self.wine('Bottles, soda')
        self.assertEqual(found['state'], 'note')
        self.assertIn('cannot be run from here: no library', found['fact'])

    def test_a_wine_that_does_not_end_is_given_up(self):
        script(self.home / '.config/heroic/tools/wine/stuck/bin/wine64', 'sleep 60')
        self.assertIn('no answer in 5 seconds', self.wine('Heroic, stuck')['fact'])

    def test_a_32_bit_part_needs_the_32_bit_plugin(self):
        runner = self.home / '.local/share/lutris/runners/wine/both'
        script(runner / 'bin/wine64', 'echo wine-9.0')
        runner.joinpath('lib/wine/i386-unix').mkdir(parents=True)
        runner.joinpath('lib/wine/i386-unix/ntdll.so').touch()
        plugin = self.findings()['plugin-32'][0]
        if plugin['state'] == 'note':
            self.assertIn('Lutris, both', plugin['fact'])
            self.assertIn('$LIB', plugin['remedy'])
        else:
            self.assertIn('/libwritewatch-wine.so', plugin['fact'])

    def test_steam_in_a_flatpak_sees_its_own_folder_only(self):
        own = self.home / '.var/app/com.valvesoftware.Steam'
        own.joinpath('.local/share/Steam').mkdir(parents=True)
        plugin = own / 'libwritewatch-wine.so'
        steam = self.findings()['steam'][0]
        self.assertEqual(steam['state'], 'note')
        self.assertIn('cp ', steam['remedy'])
        self.assertIn(f'LD_PRELOAD="$LD_PRELOAD:{plugin}" %command%', steam['remedy'])
        plugin.touch()
        self.assertEqual(state(self.findings(), 'steam'), 'ok')

    @unittest.skipIf(NO_NAMESPACES, 'namespaces are not allowed here')
    def test_without_any_wine_it_says_where_it_looked(self):
        hide = ('for at in /usr/lib/wine /opt; do [ ! -d $at ] || mount --bind "$0" $at; done; '
                'PATH=/nowhere exec "$@"')
        status, findings = examine('--need', 'wine', before=[*ALONE, 'sh', '-c', hide, str(self.home)],
                                   env=self.environment)
        self.assertEqual((status, state(findings, 'wine')), (1, 'note'))
        self.assertEqual(findings['wine'][0]['fact'], 'none found')


class Needs(unittest.TestCase):
    def test_what_is_needed_and_not_there_fails(self):
        with tempfile.TemporaryDirectory() as empty:
            environment = {**os.environ, 'HOME': empty}
            self.assertEqual(examine('--need', 'steam', env=environment)[0], 1)
            self.assertEqual(examine('--need', 'tracking', env=environment)[0], 0)

    def test_an_unknown_need_is_refused(self):
        process = command.run('doctor', '--need', 'luck')
        self.assertEqual(process.returncode, 2)
        self.assertIn('luck', process.stderr)


if __name__ == '__main__':
    command.main()
