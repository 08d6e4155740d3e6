# SPDX-License-Identifier: MIT
"""What every subcommand shares: help, version, and errors that are sentences."""

import re
import unittest

import command

SUBCOMMANDS = re.findall(r'^  (\w+) {2,}\w', command.run('--help').stdout.partition(
    'Subcommands:')[2], re.MULTILINE)


class Usage(unittest.TestCase):
    def test_help_lists_subcommands_and_each_has_its_own(self):
        self.assertIn('doctor', SUBCOMMANDS)
        for name in SUBCOMMANDS:
            with self.subTest(name):
                helped = command.run(name, '--help')
                self.assertEqual((helped.returncode, helped.stderr), (0, ''))
                self.assertIn('Usage: writewatch ' + name, helped.stdout)

    def test_version_is_one_line(self):
        version = command.run('--version')
        self.assertRegex(version.stdout, r'\Awritewatch \d+\.\d+\.\d+\n\Z')
        self.assertEqual((version.returncode, version.stderr), (0, ''))

    def test_what_cannot_be_understood_is_a_sentence_and_status_2(self):
        for arguments in [(), ('no-such',), ('--no-such',), ('doctor', '--no-such')]:
            with self.subTest(arguments):
                refused = command.run(*arguments)
                self.assertEqual((refused.returncode, refused.stdout), (2, ''))
                self.assertRegex(refused.stderr, r'\Awritewatch: [^\n]+\n\Z')
        self.assertIn('there is no subcommand "no-such"', command.run('no-such').stderr)

    def test_help_fits_a_terminal(self):
        for words in [[], *([name] for name in SUBCOMMANDS)]:
            for line in command.run(*words, '--help').stdout.splitlines():
                self.assertLess(len(line), 81, line)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            lost = command.subprocess.run([command.COMMAND, 'doctor'], stdout=full, text=True,
                                          stderr=command.subprocess.PIPE, check=False)
        self.assertEqual(lost.returncode, 1)
        self.assertRegex(lost.stderr, r'\Awritewatch: [^\n]+\n\Z')


if __name__ == '__main__':
    command.main()
