# SPDX-License-Identifier: MIT
"""Debian source packages from the machine's own configured package sources.

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


def _apt(work, *arguments):
    """Runs apt-get; returns its first error, if any, as one line."""
    done = subprocess.run(
        ['apt-get', '-q', '-c', work / 'apt.conf', *arguments], cwd=work, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env={**os.environ, 'LC_ALL': 'C'})
    errors = [line for line in done.stdout.splitlines() if line.startswith(('E:', 'W: Failed'))]
    return errors[0] if errors else ''


def _write_configuration(work):
    for name in ('sources.list.d', 'lists/partial', 'cache/archives/partial'):
        (work / name).mkdir(parents=True)
    for path in _configured_sources():
        text = path.read_text(encoding='utf-8')
        convert = deb822_to_source if path.suffix == '.sources' else one_line_to_source
        (work / 'sources.list.d' / path.name).write_text(convert(text), encoding='utf-8')
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
