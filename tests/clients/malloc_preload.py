#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Other people's programs do the same with their whole heap in watched memory.

usage: malloc_preload.py PRELOAD PROBE

Each runs twice, with the system's malloc and with ours, and must print the same;
the probe says itself what is wrong.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHON = '''
import json, re, subprocess, threading, zlib
data = [{"n": i, "text": str(i) * 9} for i in range(60000)]
text = json.dumps(data)
threads = [threading.Thread(target=lambda: [bytes(i % 5000) for i in range(20000)])
           for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(text), zlib.crc32(text.encode()), len(re.findall("77", text)))
print(subprocess.check_output(["sh", "-c", "echo from a child"]))
'''
GIT = '''
set -e
git init -q -b main repository
cd repository
seq 1 60000 > numbers
git add numbers
git -c user.name=a -c user.email=a@b commit -q -m first --date=2020-01-01T00:00:00Z
seq 2 60001 > numbers
git diff --stat
git gc -q
git fsck --full
git show --format=%s --shortstat
'''
SQL = '''
create table t(a integer primary key, b text);
with recursive n(x) as (select 1 union all select x + 1 from n where x < 100000)
  insert into t select x, printf("%08d row", x * 7919 % 100000) from n;
create index i on t(b);
select count(*), sum(a), min(b), max(b) from t;
delete from t where a % 3 = 0;
vacuum;
pragma integrity_check;
'''
CPP = '''
#include <map>
#include <regex>
#include <string>
#include <vector>
std::map<std::string, std::vector<int>> words(const std::string& text) {
    std::map<std::string, std::vector<int>> found;
    const std::regex word{"[a-z]+"};
    for (std::sregex_iterator at{text.begin(), text.end(), word}, end; at != end; ++at)
        found[at->str()].push_back(int(at->position()));
    return found;
}
'''

PROGRAMS = {
    'python3': ['python3', '-c', PYTHON],
    'git': ['sh', '-c', GIT],
    'sqlite3': ['sqlite3', 'base.db', SQL],
    # As large as a browser, and all of it C++.
    'clang++': ['sh', '-c', 'clang++ -std=c++17 -O2 -x c++ - -S -o - | cksum'],
}
INPUTS = {'clang++': CPP}


def run(command, text, preload):
    environment = dict(os.environ)
    environment.pop('LD_PRELOAD', None)
    if preload:
        # By name and folder: LD_PRELOAD is split at spaces.
        environment |= {'LD_LIBRARY_PATH': str(preload.parent), 'LD_PRELOAD': preload.name}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, env=environment, input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
    return done.returncode, done.stdout


def check_program(name, preload):
    plain, ours = (run(PROGRAMS[name], INPUTS.get(name, ''), each) for each in (None, preload))
    if plain[0] != 0:
        print(f'{name}: fails by itself: {plain[1]}')
    elif plain != ours:
        print(f'{name}: differs:\n--- plain\n{plain[1]}--- preloaded, exit {ours[0]}\n{ours[1]}')
    else:
        print(f'{name}: the same')
        return True
    return False


def check_probe(probe, preload):
    os.environ['WRITEWATCH_MALLOC_WATCH'] = ','  # the program itself
    status, text = run([probe], '', preload)
    os.environ.pop('WRITEWATCH_MALLOC_WATCH')
    print(f'probe: exit {status}', text, sep='\n')
    return status == 0


def main():
    preload, probe = (Path(argument).resolve() for argument in sys.argv[1:])
    results = [check_probe(probe, preload), *(check_program(name, preload) for name in PROGRAMS)]
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
