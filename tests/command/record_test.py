# SPDX-License-Identifier: MIT
"""`writewatch record` and `writewatch report`, as files and as text."""

import csv
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path
from xml.etree import ElementTree

import command
from watching import PROGRAM, Watching


class Recorded(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = Path(cls.folder.name, 'seen.wwr')
        with Watching('resets') as host:
            cls.host = host
            cls.recorded = command.run('record', '-o', str(cls.file), '--interval', '0.02',
                                       '--seconds', '1', host.pid)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def report(self, *arguments):
        shown = command.run('report', str(self.file), *arguments)
        self.assertEqual((shown.returncode, shown.stderr), (0, ''))
        return shown.stdout

    def test_recording_says_what_it_cost(self):
        self.assertEqual((self.recorded.returncode, self.recorded.stdout), (0, ''))
        self.assertRegex(self.recorded.stderr,
                         r'\Awritewatch: .*seen\.wwr \([\d.]+K\) has \d+ looks at 2 watches in 1\.\d s, '
                         r'which took [\d.]+% of a core and [\d.]+[mu]s at most\n\Z')
        self.assertLess(self.file.stat().st_size, 40_000)

    def test_csv_has_a_line_for_each_watch_and_look(self):
        head, *lines = self.report('--csv', '-o', '-').splitlines()
        rows = [dict(zip(head.split(','), line.split(','))) for line in lines]
        first = [row for row in rows if row['start'] == '0x' + self.host.addresses[0]]
        self.assertGreater(len(first), 10)
        self.assertEqual(len(rows), 2 * len(first))
        self.assertEqual({row['committed'] for row in first}, {str(4 << 20)})
        self.assertEqual({row['program'] for row in rows}, {'"watching"'})
        times = [float(row['seconds']) for row in first]
        self.assertEqual(times, sorted(times))
        self.assertGreater(int(first[-1]['bytes_reset']), int(first[0]['bytes_reset']))

    def test_json_has_the_heat_of_each_part(self):
        told = json.loads(self.report('--json', '-o', '-'))
        number = [watch['start'] for watch in told['watches']].index('0x' + self.host.addresses[0])
        written = max((seen for sample in told['samples'] for seen in sample['watches']
                       if seen['watch'] == number), key=lambda seen: seen['written'])
        self.assertEqual(written['written'], 2 << 20)
        self.assertEqual((written['heat_from'], written['heat_bytes']), (0, 8 << 20))
        cells = len(written['heat'])
        self.assertEqual(cells, 512)
        self.assertEqual(written['heat'],
                         [255] * (cells // 4) + [1] * (cells // 4) + [0] * (cells // 2))

    def test_json_has_the_numbers_of_the_table(self):
        told = json.loads(self.report('--json', '-o', '-'))
        head, *lines = self.report('--csv', '-o', '-').splitlines()
        rows = iter(dict(zip(head.split(','), line.split(','))) for line in lines)
        for sample in told['samples']:
            for seen in sample['watches']:
                row = next(rows)
                self.assertEqual(f'{sample["seconds"]:.6f}', row['seconds'])
                for name in ['looks', 'resets', 'bytes_seen', 'bytes_reset', 'query_ns', 'committed',
                             'written']:
                    self.assertEqual(str(seen[name]), row[name], name)
        self.assertEqual(list(rows), [])
        self.assertEqual(told['processes'], [{'pid': int(self.host.pid), 'name': 'watching'}])
        self.assertEqual(told['interval_seconds'], 0.02)
        self.assertLess(abs(told['began'] - time.time()), 600)

    def test_text_is_a_heat_map(self):
        text = self.report('--text', '--ascii')
        part = text[text.index(f'at {self.host.addresses[0]}'):].partition('\n\n')[0]
        lines = [line[13:] for line in part.splitlines()[1:]]
        rows = len(lines)
        self.assertGreater(rows, 12)
        self.assertIn('#', lines[0])
        self.assertIn('#', lines[rows // 4 - 1])
        self.assertRegex(lines[rows // 4 + 1], r'^\.+$')
        self.assertEqual(set(lines[rows // 2 + 1]), {' '})
        self.assertLess(max(map(len, text.splitlines())), 101)

    def test_svg_is_a_drawing_and_small(self):
        svg = self.report('--svg', '-o', '-')
        root = ElementTree.fromstring(svg)
        self.assertEqual(root.tag, '{http://www.w3.org/2000/svg}svg')
        self.assertGreater(svg.count('class="h7"'), 3)
        self.assertLess(len(svg), 150_000)

    def test_png_is_a_picture_with_written_pages_at_its_top(self):
        path = Path(self.folder.name, 'seen.png')
        self.assertEqual(self.report('--png'), f'{path}\n')
        data = path.read_bytes()
        self.assertEqual(data[:8], b'\x89PNG\r\n\x1a\n')
        width, height, depth, color = struct.unpack('>IIBB', data[16:26])
        self.assertEqual((depth, color), (8, 2))
        parts, at = b'', 8
        while at < len(data):
            size, kind = struct.unpack('>I4s', data[at:at + 8])
            if kind == b'IDAT':
                parts += data[at + 8:at + 8 + size]
            at += size + 12
        self.assertEqual(len(zlib.decompress(parts)), height * (1 + 3 * width))

    def test_a_file_that_is_cut_off_is_shown_as_far_as_it_goes(self):
        part = Path(self.folder.name, 'part.wwr')
        part.write_bytes(self.file.read_bytes()[:-100])
        shown = command.run('report', str(part), '--text')
        self.assertEqual(shown.returncode, 0)
        self.assertRegex(shown.stderr, r'\Awritewatch: .*part\.wwr is cut off at byte \d+: [^\n]+\n\Z')
        self.assertIn('looks at 2 watches', shown.stdout)

    def test_what_is_no_recording_is_refused_in_a_sentence(self):
        newer = bytearray(self.file.read_bytes())
        newer[8] = 9
        for contents, wanted in [(b'', 'is empty'), (b'x' * 999, 'is no recording'),
                                 (bytes(newer), 'has version 9 of the format'),
                                 (self.file.read_bytes()[:40], 'is cut off at byte ')]:
            with self.subTest(wanted):
                wrong = Path(self.folder.name, 'wrong.wwr')
                wrong.write_bytes(contents)
                refused = command.run('report', str(wrong))
                self.assertEqual((refused.returncode, refused.stdout), (1, ''))
                self.assertRegex(refused.stderr, rf'\Awritewatch: .*wrong\.wwr {wanted}[^\n]*\n\Z')
        for file, wanted in [('/no/such.wwr', 'cannot be read: No such'), ('/tmp', 'is a folder'),
                             ('/dev/zero', 'is a device')]:
            refused = command.run('report', file)
            self.assertEqual((refused.returncode, refused.stdout), (1, ''))
            self.assertRegex(refused.stderr, rf'\Awritewatch: {file} {wanted}[^\n]*\n\Z')

    @unittest.skipIf(os.geteuid(), 'only root becomes another')
    def test_what_may_not_be_read_or_written_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            secret = Path(folder, 'secret.wwr')
            secret.write_bytes(self.file.read_bytes())
            secret.chmod(0o600)
            program = shutil.copy(command.COMMAND, folder)
            for words, wanted in [(['report', str(secret)], 'secret.wwr cannot be read: Permission'),
                                  (['record', '-o', f'{folder}/x.wwr', '--', 'true'],
                                   'x.wwr cannot be written: Permission')]:
                refused = subprocess.run(
                    ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', program, *words],
                    text=True, capture_output=True, check=False)
                self.assertEqual((refused.returncode, refused.stdout), (1, ''))
                self.assertRegex(refused.stderr, rf'\Awritewatch: [^\n]*{wanted}[^\n]*\n\Z')

    def test_a_report_that_cannot_be_written_is_said(self):
        for output, wanted in [('/dev/full', 'No space left'), ('/no/such', 'No such file')]:
            refused = command.run('report', str(self.file), '-o', output)
            self.assertEqual((refused.returncode, refused.stdout), (1, ''))
            self.assertRegex(refused.stderr, rf'\Awritewatch: {output} cannot be written: {wanted}')
        with open('/dev/full', 'w', encoding='utf-8') as full:
            lost = subprocess.run([command.COMMAND, 'report', str(self.file), '--csv', '-o', '-'],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(lost.returncode, 1)
        self.assertRegex(lost.stderr, r'\Awritewatch: [^\n]*written\n\Z')


class Recording(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = str(Path(self.folder.name, 'seen.wwr'))

    def tearDown(self):
        self.folder.cleanup()

    def test_a_program_is_recorded_with_what_it_starts(self):
        recorded = command.run('record', '-o', self.file, '--', 'sh', '-c',
                               f'(sleep 1; echo) | {PROGRAM}; exit 7', timeout=60)
        self.assertEqual(recorded.returncode, 7)
        self.assertRegex(recorded.stdout, r'\Aready ')
        self.assertIn(' looks at 2 watches', recorded.stderr)
        self.assertIn('watching', command.run('report', self.file, '--text').stdout)

    def test_until_it_is_interrupted(self):
        with Watching() as host, subprocess.Popen(
                [command.COMMAND, 'record', '-o', self.file, host.pid], text=True,
                stderr=subprocess.PIPE) as recording:
            time.sleep(0.7)
            recording.send_signal(signal.SIGINT)
            self.assertIn('2 watches', recording.stderr.read())
            self.assertEqual(recording.wait(10), 0)
        self.assertEqual(command.run('report', self.file, '--text').stderr, '')

    def test_a_signal_leaves_a_whole_file_and_no_program(self):
        for name in ['TERM', 'HUP']:
            with subprocess.Popen(
                    [command.COMMAND, 'record', '-o', self.file, '--', PROGRAM], text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as recording:
                recording.stdout.readline()
                time.sleep(0.3)
                recording.send_signal(getattr(signal, 'SIG' + name))
                self.assertIn(' looks at 2 watches', recording.stderr.read())
                self.assertEqual(recording.wait(10), 128 + signal.SIGTERM)
            shown = command.run('report', self.file, '--text')
            self.assertEqual((shown.returncode, shown.stderr), (0, ''))

    def test_what_a_killed_recorder_wrote_is_there(self):
        with Watching() as host, subprocess.Popen(
                [command.COMMAND, 'record', '-o', self.file, host.pid]) as recording:
            time.sleep(0.5)
            recording.kill()
        shown = command.run('report', self.file, '--text')
        self.assertEqual(shown.returncode, 0)
        self.assertIn('is cut off at byte', shown.stderr)
        self.assertRegex(shown.stdout, r' looks? at 2 watches')

    def test_a_full_disk_ends_the_recording_and_not_the_program(self):
        with subprocess.Popen(
                [command.COMMAND, 'record', '-o', self.file, '--interval', '0.01', '--', 'sh', '-c',
                 f'(sleep 2; echo) | {PROGRAM} resets; echo went on'], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as recording:
            recording.stdout.readline()
            resource.prlimit(recording.pid, resource.RLIMIT_FSIZE, (2000, 2000))
            self.assertIn('went on', recording.stdout.read())
            self.assertRegex(recording.stderr.read(),
                             r'writewatch: [^\n]* cannot be written to: File too large; what')
            self.assertEqual(recording.wait(10), 1)
        self.assertIn('looks at 2 watches', command.run('report', self.file, '--text').stdout)
        with Watching() as host:
            refused = command.run('record', '-o', '/dev/full', host.pid)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r'\Awritewatch: /dev/full cannot be written to: No space left')

    def test_nothing_to_record_leaves_no_file_and_what_was_there(self):
        for contents in [None, b'another recording']:
            if contents:
                Path(self.file).write_bytes(contents)
            command.run('record', '-o', self.file, '--', 'true')
            command.run('record', '-o', self.file, '--', '/no/such/program')
            self.assertEqual(Path(self.file).exists(), contents is not None)
        self.assertEqual(Path(self.file).read_bytes(), contents)

    def test_a_program_that_becomes_another_is_known_by_its_name(self):
        if not any(Path(command.COMMAND).parents[2].glob('allocator-hooks/libwritewatch-malloc.so')):
            self.skipTest('needs mimalloc')
        # The shell watches its heap, and what it becomes has other memory.
        with subprocess.Popen(
                [command.COMMAND, 'record', '--heap', '-o', self.file, '--', 'sh', '-c',
                 f'sleep 0.6; exec {PROGRAM}'], text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as recording:
            recording.stdout.readline()
            time.sleep(1)
            recording.communicate()
        told = json.loads(command.run('report', self.file, '--json', '-o', '-').stdout)
        names = [process['name'] for process in told['processes']]
        self.assertLessEqual({'sh', 'watching'}, set(names))
        number = next(number for number, watch in enumerate(told['watches'])
                      if watch['bytes'] == 8 << 20)
        self.assertEqual(names[told['watches'][number]['process']], 'watching')
        written = [seen['written'] for sample in told['samples'] for seen in sample['watches']
                   if seen['watch'] == number]
        self.assertEqual(set(written), {2 << 20})

    def test_any_name_stays_a_name(self):
        name = '<a>&"\',b'
        program = Path(self.folder.name, name)
        program.symlink_to(PROGRAM)
        with Watching(program=str(program)) as host:
            command.run('record', '-o', self.file, '--seconds', '0.3', host.pid)
        drawing = command.run('report', self.file, '--svg', '-o', '-').stdout
        texts = [text.text for text in ElementTree.fromstring(drawing).iter(
            '{http://www.w3.org/2000/svg}text')]
        self.assertTrue(any(text.startswith(name + ' (') for text in texts), texts)
        table = csv.DictReader(command.run('report', self.file, '--csv', '-o', '-').stdout.splitlines())
        self.assertEqual({row['program'] for row in table}, {name})
        told = json.loads(command.run('report', self.file, '--json', '-o', '-').stdout)
        self.assertEqual(told['processes'][0]['name'], name)

    def test_a_short_program_is_seen(self):
        recorded = command.run('record', '-o', self.file, '--interval', '0.01', '--', 'sh', '-c',
                               f'sleep 0.1 | {PROGRAM}')
        self.assertIn(' looks at 2 watches', recorded.stderr)

    def test_until_the_process_ends(self):
        host = Watching()
        with subprocess.Popen([command.COMMAND, 'record', '-o', self.file, host.pid],
                              stderr=subprocess.PIPE) as recording:
            time.sleep(0.5)
            host.end()
            self.assertEqual(recording.wait(10), 0)

    def test_refused_in_a_sentence(self):
        for arguments, status, wanted in [
                (['2147483647'], 1, 'there is no process 2147483647'),
                (['99999999999999'], 1, 'there is no process 99999999999999'),
                (['--heap', '1'], 2, 'for programs that are started here'),
                ([str(os.getpid())], 1, 'watches nothing'),
                (['--', '/no/such/program'], 127, 'no/such/program'),
                (['--', 'true'], 1, 'nothing was watched while it ran'),
                ([], 2, 'needs the number of a process')]:
            with self.subTest(wanted):
                refused = command.run('record', '-o', self.file, *arguments)
                self.assertEqual((refused.returncode, refused.stdout), (status, ''))
                self.assertRegex(refused.stderr, rf'writewatch: [^\n]*{wanted}')
        with Watching() as host:
            refused = command.run('record', '-o', '/no/such/folder/file', host.pid)
        self.assertRegex(refused.stderr, r'\Awritewatch: /no/such/folder/file cannot be written: ')


if __name__ == '__main__':
    command.main()
