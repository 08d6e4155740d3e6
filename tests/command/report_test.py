# SPDX-License-Identifier: MIT
"""The page of a report in a browser: whole by itself, drawn, and zoomed."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import command
from watching import PROGRAM, Watching

BROWSER = next((path for name in ('chromium', 'chromium-browser', 'google-chrome')
                if (path := shutil.which(name))), None)
if BROWSER is None:
    print('no Chromium to show the page')
    sys.exit(77)

# Moves the wheel and the mouse as a user does, and writes down what is shown.
ACTIONS = '''<script>
const result = [], box = canvas.getBoundingClientRect(), middle = box.left + box.width / 2;
// The band of the watch in which something happens.
const upper = bands().find(band => band.watch.parts > 1).top;
const note = () => result.push({...canvas.dataset});
const turn = shiftKey => canvas.dispatchEvent(new WheelEvent('wheel',
    {deltaY: -100, shiftKey, clientX: middle, clientY: box.top + upper + 42, cancelable: true}));
note();
turn(false); turn(false); note();
turn(true); note();
canvas.dispatchEvent(new MouseEvent('dblclick')); note();
const press = (kind, x, y) => canvas.dispatchEvent(new MouseEvent(kind,
    {clientX: box.left + x * box.width, clientY: box.top + y, bubbles: true}));
press('mousedown', .25, upper + 20); press('mouseup', .5, upper + 70); note();
document.getElementById('all').click(); note();
press('mousemove', .9, upper + 20);
const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
const colors = {};
for (let i = 0; i < pixels.length; i += 4) {
  const color = [...pixels.slice(i, i + 3)].map(part => part.toString(16).padStart(2, '0')).join('');
  colors[color] = (colors[color] ?? 0) + 1;
}
document.body.append(Object.assign(document.createElement('pre'), {id: 'result',
    textContent: JSON.stringify({result, colors, tip: tip.textContent})}));
</script>'''


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        recording = Path(cls.folder.name, 'seen.wwr')
        # A name that would be a comment in a page, and an element.
        program = Path(cls.folder.name, '<!--<b>')
        program.symlink_to(PROGRAM)
        with Watching('resets', program=str(program)) as host:
            cls.addresses = host.addresses
            command.run('record', '-o', str(recording), '--seconds', '1', host.pid)
        cls.page = Path(command.run('report', str(recording)).stdout.strip())
        cls.text = cls.page.read_text(encoding='utf-8')

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def show(self, page, *arguments):
        shown = subprocess.run(
            [BROWSER, '--headless', '--no-sandbox', '--disable-gpu', '--window-size=1000,800',
             f'--user-data-dir={self.folder.name}/profile', '--enable-logging=stderr', '--v=0',
             *arguments, page.as_uri()], text=True, capture_output=True, check=True, timeout=90)
        self.assertNotRegex(shown.stderr, 'CONSOLE')
        return shown.stdout

    def test_refers_to_nothing_outside(self):
        self.assertEqual(re.findall(r'(?:src|href)\s*=|https?:|@import|url\(', self.text), [])

    def test_a_name_cannot_end_the_script(self):
        data = re.search(r'id="data">(.*)</script>\n<script>', self.text)[1]
        self.assertNotIn('<', data)
        self.assertEqual(json.loads(data)['processes'][0]['name'], '<!--<b>')

    def test_drawn_and_zoomed(self):
        page = self.page.with_name('actions.html')
        page.write_text(self.text + ACTIONS, encoding='utf-8')
        told = json.loads(re.search(r'<pre id="result">(.*)</pre>', self.show(page, '--dump-dom'))[1])
        whole, wheel, shift, back, drag, again = told['result']
        span = lambda state: float(state['to']) - float(state['from'])
        part = lambda state: float(state['high']) - float(state['low'])
        self.assertGreater(int(whole['cells']), 20)
        self.assertAlmostEqual(span(wheel), span(whole) * .64, 6)
        self.assertAlmostEqual(part(shift), .8, 6)
        self.assertEqual((span(back), part(back)), (span(whole), 1))
        self.assertAlmostEqual(span(drag), span(whole) * .25, 2)
        self.assertLess(part(drag), .9)
        self.assertEqual(again, whole)
        # Clean, and wholly written: the two colours of what was recorded.
        for color in ('24334d', 'f25c3b'):
            self.assertGreater(told['colors'].get(color, 0), 1000)
        self.assertIn('&lt;!--&lt;b&gt; (', told['tip'])

    def test_tables_tell_each_watch(self):
        shown = self.show(self.page, '--dump-dom')
        for address in self.addresses:
            self.assertIn(f' at {address}, ', shown)
        self.assertRegex(shown, r'<td>2\.0 MiB</td>')


if __name__ == '__main__':
    command.main()
