# SPDX-License-Identifier: MIT
"""Debian source packages from the machine's own configured package sources, and
binary packages of another suite.

Works without root and changes nothing outside the folder it is given: apt runs
with a private source list, private package lists and a private cache.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path


class Unavailable(Exception):
    """The package cannot be had here; the message is one line."""


def fetch(package, folder):
    """Returns the unpacked source of a package below folder, which is kept."""
    source = Path(folder) / package
    if source.is_dir():
        return source
    for tool in ('apt-get', 'dpkg-source'):
        if not shutil.which(tool):
            raise Unavailable(f'{package}: {tool} is not installed')
    work = Path(folder) / f'{package}.fetch'
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _write_configuration(work)
    # One broken third-party source fails the update, and may not matter.
    update_problem = _apt(work, 'update')
    problem = _apt(work, 'source', '--only-source', package)
    unpacked = [entry for entry in work.iterdir() if (entry / 'debian').is_dir()]
    if len(unpacked) != 1:
        raise Unavailable(f'{package}: no source package: {update_problem or problem}')
    unpacked[0].rename(source)  # complete, or not there
    shutil.rmtree(work)
    return source


def fetch_binaries(packages, suite, folder):
    """Returns a folder below folder, which is kept, with binary packages of
    another Debian suite unpacked side by side; nothing is installed."""
    target = Path(folder) / f'{packages[0]}-{suite}'
    if target.is_dir():
        return target
    for tool in ('apt-get', 'dpkg-deb'):
        if not shutil.which(tool):
            raise Unavailable(f'{packages[0]}: {tool} is not installed')
    work = Path(folder) / f'{target.name}.fetch'
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _write_configuration(work, {'suite.sources': _SUITE.format(suite=suite)})
    no_status = ('-o', 'Dir::State::status=/dev/null')  # what is installed does not matter
    problem = _apt(work, *no_status, 'update') or _apt(work, *no_status, 'download', *packages)
    found = sorted(work.glob('*.deb'))
    if len(found) != len(packages):
        raise Unavailable(f'{packages[0]} of {suite}: no packages: {problem}')
    for package in found:
        subprocess.run(['dpkg-deb', '-x', package, work / 'root'], check=True)
    (work / 'root').rename(target)  # complete, or not there
    shutil.rmtree(work)
    return target


_SUITE = '''
Types: deb
URIs: http://deb.debian.org/debian
Suites: {suite}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
'''


def _apt(work, *arguments):
    """Runs apt-get; returns its first error, if any, as one line."""
    done = subprocess.run(
        ['apt-get', '-q', '-c', work / 'apt.conf', *arguments], cwd=work, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, 'LC_ALL': 'C'})
    errors = [line for line in done.stdout.splitlines() if line.startswith(('E:', 'W: Failed'))]
    return errors[0] if errors else ''


def _write_configuration(work, sources=None):
    """`sources` are texts by file name; None: the machine's own, as sources."""
    for name in ('sources.list.d', 'lists/partial', 'cache/archives/partial'):
        (work / name).mkdir(parents=True)
    for name, text in (_own_sources() if sources is None else sources).items():
        (work / 'sources.list.d' / name).write_text(text, encoding='utf-8')
    # Read after the machine's own configuration, whose proxies and the like
    # stay in force; its hooks, which act on the machine's cache, do not.
    (work / 'apt.conf').write_text(f'''
        #clear APT::Update::Pre-Invoke;
        #clear APT::Update::Post-Invoke;
        #clear APT::Update::Post-Invoke-Success;
        APT::Sandbox::User "";
        Dir::Etc::sourcelist "-";
        Dir::Etc::sourceparts "{work}/sources.list.d";
        Dir::State::lists "{work}/lists";
        Dir::Cache "{work}/cache";
    ''', encoding='utf-8')


def _own_sources():
    converted = {}
    for path in _configured_sources():
        convert = deb822_to_source if path.suffix == '.sources' else one_line_to_source
        converted[path.name] = convert(path.read_text(encoding='utf-8'))
    return converted


def _configured_sources():
    shell = subprocess.run(
        ['apt-config', 'shell', 'LIST', 'Dir::Etc::sourcelist/f',
         'PARTS', 'Dir::Etc::sourceparts/d'],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    places = dict(re.findall(r"^(\w+)='(.*)'$", shell, re.MULTILINE))
    single = [Path(places['LIST'])] if 'LIST' in places else []
    parts = sorted(Path(places['PARTS']).glob('*')) if 'PARTS' in places else []
    return [path for path in single + parts
            if path.suffix in ('.list', '.sources') and path.is_file()]


def deb822_to_source(text):
    """Every stanza of a .sources file becomes one of type deb-src."""
    return re.sub(r'^Types:.*', 'Types: deb-src', text, flags=re.MULTILINE | re.IGNORECASE)


def one_line_to_source(text):
    """The 'deb' lines of a .list file, as 'deb-src' lines; nothing twice."""
    lines = [re.sub(r'^\s*deb(?:-src)?(?=[\s\[])', 'deb-src', line)
             for line in text.splitlines() if re.match(r'\s*deb(?:-src)?[\s\[]', line)]
    return ''.join(line + '\n' for line in dict.fromkeys(lines))
