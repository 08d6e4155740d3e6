# SPDX-License-Identifier: MIT
"""The project's own files, and their text without comments and strings."""

import os
import re
import subprocess
from pathlib import Path

C_FAMILY = ('.c', '.cc', '.cpp', '.h', '.hpp', '.S')

# In the order in which a compiler meets them: whichever starts first, wins.
_SKIPPED = re.compile(r'''
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string>  R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"
                 | "(?:\\.|[^"\\\n])*"
                 | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+' )
''', re.VERBOSE | re.DOTALL)


def without_comments(text, keep_strings=False):
    """Blanks comments and the insides of strings; lines stay where they are."""
    def blank(match):
        if match['string'] and keep_strings:
            return match[0]
        return re.sub(r'[^\n]', ' ', match[0])
    return _SKIPPED.sub(blank, text)


def files(root):
    """Paths below root, '/'-separated: what git tracks or would offer to
    track, or, where git does not answer, everything but build folders."""
    git = subprocess.run(
        ['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    ) if (Path(root) / '.git').exists() else None
    if git and git.returncode == 0:
        found = git.stdout.split('\0')
    else:
        found = _walk(root)
    return sorted({f for f in found if f and (Path(root) / f).is_file()})


def _walk(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders if not s.startswith(('.', 'build', '__'))]
        for name in names:
            yield Path(folder, name).relative_to(root).as_posix()


def read(root, path):
    return (Path(root) / path).read_text(encoding='utf-8', errors='replace')
