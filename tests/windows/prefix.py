#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The plugin in every process of a prefix: there, silent, and inert but where
memory is watched; no descriptor of it reaches a child. Tells what it costs at start.

usage: prefix.py RUN_WINE PREFIX PLUGIN PROGRAM

PROGRAM is crowd.exe. Stops Wine in that prefix first: its server and services
shall start with the plugin, too. Exits 77 where there is no Wine.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

SKIP = 77
WAIT_SECONDS = 60
STARTS = 60


class Failure(Exception):
    """What was not as it should be."""


def find(*candidates):
    for candidate in candidates:
        found = candidate and shutil.which(candidate)
        if found:
            return found
    print('skipped: no Wine is installed (Debian: wine64)')
    sys.exit(SKIP)


def environment(prefix, plugin):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(('WRITEWATCH', 'WW_')) and name != 'LD_PRELOAD'}
    # By name and folder: LD_PRELOAD is split at spaces, and a path may have some.
    env.update(WINEPREFIX=str(prefix), WINEDEBUG='-all', DISPLAY='',
               WINEDLLOVERRIDES='winemenubuilder.exe=d',
               LD_LIBRARY_PATH=str(plugin.parent), LD_PRELOAD=plugin.name)
    return env


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b''


class Process:
    def __init__(self, folder, plugin):
        self.words = [word for word in read(folder / 'cmdline').decode(errors='replace').split('\0')
                      if word]
        self.has_plugin = str(plugin).encode() in read(folder / 'maps')
        self.ours = []
        for file in (folder / 'fd').iterdir():
            try:
                target = os.readlink(file)
            except OSError:
                continue
            if 'userfaultfd' in target or target.endswith('/pagemap'):
                self.ours.append(target)

    def __str__(self):
        return f'{" ".join(self.words)}: {self.ours or "no descriptors"}'

    def watches(self):
        return any('crowd' in word for word in self.words) and 'idle' not in self.words


def processes_of(prefix, plugin):
    mark = b'\0WINEPREFIX=' + str(prefix).encode() + b'\0'
    for folder in Path('/proc').glob('[0-9]*'):
        if mark in b'\0' + read(folder / 'environ'):
            try:
                yield Process(folder, plugin)
            except OSError:
                continue


def check(processes):
    names = ' '.join(word for process in processes for word in process.words)
    for expected in ('wineserver', 'services.exe', 'idle', 'watch'):
        if expected not in names:
            raise Failure(f'{expected} is not running: {names}')
    for process in processes:
        wanted = 2 if process.watches() else 0
        if not process.has_plugin:
            raise Failure(f'without the plugin: {process}')
        if len(process.ours) != wanted:
            raise Failure(f'{wanted} descriptors of the plugin expected: {process}')


def make(prefix, run_wine):
    made = subprocess.run([run_wine, '--prefix', prefix, 'wineboot'], check=False,
                          stdin=subprocess.DEVNULL, timeout=300)
    if made.returncode == SKIP:
        sys.exit(SKIP)


def run_crowd(prefix, plugin, program):
    wine = find(os.environ.get('WINELOADER'), '/usr/lib/wine/wine64', 'wine64', 'wine')
    server = find('wineserver', '/usr/lib/wine/wineserver', '/usr/lib/wine/wineserver64')
    env = environment(prefix, plugin)
    for option in ('-k', '-w'):
        subprocess.run([server, option], env={**env, 'LD_PRELOAD': ''}, check=False,
                       timeout=WAIT_SECONDS)
    errors = prefix / 'crowd.errors'
    with open(errors, 'w', encoding='utf-8') as stderr:
        crowd = subprocess.Popen([wine, program], env=env, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=stderr, text=True)
        try:
            if 'ready' not in crowd.stdout.readline():
                raise Failure(f'the launcher did not start: {errors.read_text()}')
            time.sleep(2)  # the children have begun to watch
            processes = list(processes_of(prefix, plugin))
            check(processes)
        finally:
            crowd.stdin.close()
            status = crowd.wait(WAIT_SECONDS)
    said = errors.read_text()
    if status or said:
        raise Failure(f'exit status {status}, said: {said}')
    print(f'{len(processes)} processes with the plugin, '
          f'{sum(process.watches() for process in processes)} of them watch memory')


def start_ms(env):
    begin = time.perf_counter()
    subprocess.run(['/bin/true'], env=env, check=True)
    return (time.perf_counter() - begin) * 1000


def tell_start(prefix, plugin):
    """Told and not judged: a busy machine makes times of its own."""
    env = environment(prefix, plugin)
    bare = {name: value for name, value in env.items() if name != 'LD_PRELOAD'}
    pairs = [(start_ms(bare), start_ms(env)) for _ in range(STARTS)]
    without, with_plugin = (statistics.median(times) for times in zip(*pairs))
    print(f'start of a program: {without:.2f} ms, with the plugin {with_plugin:.2f} ms')


def main():
    run_wine, prefix, plugin, program = (Path(argument).resolve() for argument in sys.argv[1:])
    try:
        make(prefix, run_wine)
        run_crowd(prefix, plugin, program)
        tell_start(prefix, plugin)
    except (Failure, subprocess.SubprocessError) as reason:
        print(f'FAILED: {reason}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
