"""The tools of the lab themselves: a tool that cannot say no proves nothing."""

import base64
import http.client
import pathlib
import re
import socket
import struct
import tempfile
import threading
import time
import unittest

from lab import hush, waiting
from lab.agent import Agent
from lab.bundles import BundleServer, byte_range
from lab.console import Console
from lab.disk import Card
from lab.machine import Machine
from lab.picture import Picture
from lab.touch import Fingers, contact


class Waiting(unittest.TestCase):
    def test_a_wait_ends_at_its_limit_and_says_what_it_waited_for(self):
        clock = [0.0]

        def rest(seconds):
            clock[0] += seconds
        with self.assertRaisesRegex(waiting.Late, "the moon: not within"):
            waiting.until("the moon", 2, lambda: None, 0.5, lambda: clock[0], rest)
        self.assertAlmostEqual(clock[0], waiting.limit(2), delta=1)


class AConsole(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        listener = socket.socket(socket.AF_UNIX)
        path = f"{self.folder.name}/s"
        listener.bind(path)
        listener.listen()
        self.console = Console(path, f"{self.folder.name}/log")
        self.far, _ = listener.accept()
        listener.close()
        self.addCleanup(self.far.close)
        self.addCleanup(self.console.close)

    def test_lines_in_pieces_are_put_together_and_colours_taken_out(self):
        self.far.sendall(b"one\r\ntw")
        self.far.sendall(b"\x1b[1;32mo\x1b[0m\r\nrest")
        _, found, place = self.console.wait("^two$", 1)
        self.assertEqual((found[0], place), ("two", 2))
        self.console.wait("rest", 1)

    def test_a_marker_that_was_seen_is_not_seen_twice(self):
        self.far.sendall(b"MARK 1\nMARK 2\n")
        _, first, place = self.console.wait(r"MARK (\d)", 1)
        _, second, _ = self.console.wait(r"MARK (\d)", 1, place)
        self.assertEqual((first[1], second[1]), ("1", "2"))

    def test_what_must_not_come_fails_at_once(self):
        self.far.sendall(b"KIOSK-SICK\n")
        with self.assertRaisesRegex(waiting.Failed, "KIOSK-SICK"):
            self.console.wait("KIOSK-HEALTHY", 60, unless="KIOSK-SICK")

    def test_a_machine_that_ends_ends_the_wait(self):
        threading.Timer(0.1, self.far.close).start()
        with self.assertRaisesRegex(waiting.Failed, "ended"):
            self.console.wait("never", 60)


    def test_an_answer_of_the_agent_in_any_pieces_is_put_together(self):
        def guest():
            number, script = self.far.recv(1000).split()
            said = b"BEGIN " + number + b"\n" + base64.encodebytes(base64.b64decode(script) * 9) + b"END " + number + b" 12\n"
            for byte in said:
                self.far.sendall(bytes((byte,)))
                time.sleep(0.001)
        thread = threading.Thread(target=guest)
        thread.start()
        self.assertEqual(Agent(self.console).run("echo;"), (12, "echo;" * 9))
        thread.join()


class APicture(unittest.TestCase):
    def page(self):
        pixels = bytearray(b"\xff" * (64 * 64 * 3))
        for number in range(20):
            place = (number // 8 * 8 * 64 + number % 8 * 8) * 3
            pixels[place:place + 3] = bytes((200, 200, 220 + number))
        return Picture(64, 64, bytes(pixels))

    def test_ppm_is_read_and_png_is_written(self):
        picture = Picture.from_ppm(b"P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06")
        self.assertEqual((picture.at(0, 0), picture.at(1, 0)), ((1, 2, 3), (4, 5, 6)))
        self.assertEqual(picture.png()[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", picture.png()[16:24]), (2, 1))

    def test_black_and_a_console_are_no_page(self):
        self.assertFalse(Picture(64, 64, bytes(64 * 64 * 3)).is_a_page())
        self.assertTrue(self.page().is_a_page())

    def test_an_area_of_a_colour_is_found(self):
        pixels = bytearray(bytes(80 * 80 * 3))
        for y in range(16, 64):
            for x in range(24, 56):
                pixels[(y * 80 + x) * 3:(y * 80 + x) * 3 + 3] = b"\x10\x20\x90"
        self.assertEqual(Picture(80, 80, bytes(pixels)).areas((16, 32, 144), least=4), [(24, 16, 48, 56)])

    def test_difference_is_a_share(self):
        black = Picture(16, 16, bytes(768))
        self.assertEqual(black.difference(black), 0)
        self.assertEqual(black.difference(Picture(16, 16, b"\xff" * 768)), 1)


class ATouch(unittest.TestCase):
    def test_a_tap_is_one_contact_with_a_beginning_and_an_end(self):
        class Wire:
            sent = []

            def call(self, command, events):
                self.sent += [(command, event) for event in events]
        fingers = Fingers(Wire(), (1080, 1920), rest=lambda _: None)
        fingers.tap(1079, 0)
        kinds = [event["data"].get("type") or event["data"]["down"] for _, event in Wire.sent]
        self.assertEqual(kinds, ["begin", "data", "data", True, "end", False])
        self.assertEqual([event["data"]["value"] for _, event in Wire.sent[1:3]], [32767, 0])
        self.assertEqual(fingers.taps, 1)

    def test_positions_outside_are_held_at_the_edge(self):
        values = [event["data"]["value"] for event in contact("begin", 0, 1, -5, 99999)[1:3]]
        self.assertEqual(values, [0, 32767])


class TheBundleServer(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        pathlib.Path(self.folder.name, "b").write_bytes(bytes(range(200)))
        self.server = BundleServer(self.folder.name)
        self.addCleanup(self.server.close)

    def get(self, path, asked=None):
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        line.request("GET", path, headers={"Range": asked} if asked else {})
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer.status, body

    def test_ranges_are_answered_and_counted(self):
        self.assertEqual(self.get("/b", "bytes=10-19"), (206, bytes(range(10, 20))))
        self.assertEqual(self.get("/b", "bytes=-5"), (206, bytes(range(195, 200))))
        self.assertEqual(self.get("/b")[0], 200)
        self.assertEqual((self.server.counts("b").bytes, self.server.counts("b").requests), (215, 3))

    def test_nothing_outside_the_folder_is_given(self):
        for path in ("/../b", "/x/b", "/", "/missing"):
            self.assertEqual(self.get(path)[0], 404, path)

    def test_ranges_that_cannot_be_met_are_refused(self):
        for asked in ("bytes=200-", "bytes=9-3", "bytes=-0", "bytes=a-b", "lines=1-2", "bytes=-"):
            self.assertEqual(byte_range(asked, 200), (None, None), asked)
            self.assertEqual(self.get("/b", asked)[0], 416, asked)

    def test_a_line_that_is_cut_ends_in_the_middle(self):
        self.server.cut = 50
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            self.get("/b")


class ACard(unittest.TestCase):
    def test_partitions_boot_state_and_single_bits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "card.raw")
            image = bytearray(16 << 20)
            image[512:520] = b"EFI PART"
            image[512 + 72:512 + 88] = struct.pack("<QII", 2, 4, 128)
            entry = bytearray(128)
            entry[0:16] = b"x" * 16
            entry[32:48] = struct.pack("<QQ", 20480, 20487)
            entry[56:70] = "boot_a\0".encode("utf-16-le")
            image[1024:1152] = entry
            path.write_bytes(image)
            card = Card(path)
            self.assertEqual(card.partitions(), {"boot_a": (20480 * 512, 4096)})
            self.assertEqual(card.boot_state(), {})
            card.set_boot_state(BOOT_ORDER="B A")
            self.assertEqual(card.boot_state(), {"BOOT_ORDER": "B A"})
            card.flip(20480 * 512 + 7, 3)
            self.assertEqual(card.read(20480 * 512, 8), bytes(7) + b"\x08")
            with self.assertRaisesRegex(waiting.Failed, "no partition boot_b; it has boot_a"):
                card.place("boot_b")


class TheCommandLine(unittest.TestCase):
    def test_the_emulator_is_never_accelerated_and_the_guest_reaches_only_what_is_named(self):
        machine = Machine(tempfile.gettempdir(), "card.qcow2", ("u-boot.bin", "vm.dtb"), forwards={("10.0.2.100", 443): 5})
        line = " ".join(machine.command())
        self.assertIn("-accel tcg", line)
        self.assertIn("restrict=on,guestfwd=tcp:10.0.2.100:443-cmd:socat - TCP4:127.0.0.1:5", line)
        self.assertNotRegex(line, "kvm|hostfwd")
        self.assertEqual(re.findall(r"pci-serial,chardev=port-([a-z-]+),addr=(0x1\d)", line),
                         [("id-reader", "0x10"), ("printer", "0x11"), ("scanner", "0x12"), ("test", "0x13")])


class TheInterpreter(unittest.TestCase):
    def run_script(self, script, **env):
        shell = hush.Hush(dict(env), {})
        try:
            shell.run(script)
        except hush.Stop:
            shell.said.append("reset")
        return shell.said

    def test_conditions_loops_and_lists(self):
        self.assertEqual(self.run_script('for s in "${o}"; do if test ${s} = B && test 1 -gt 0; then echo ${s}; else echo no; '
                                         "fi; done", o="A B"), ["no", "B"])
        self.assertEqual(self.run_script("if false; then echo 1; elif true; then echo 2; else echo 3; fi; echo 4"), ["2", "4"])
        self.assertEqual(self.run_script("false || echo a; true && echo b; false && echo c; reset; echo d"), ["a", "b", "reset"])
        self.assertEqual(self.run_script("if test -z \"${x}\"; then\n  echo empty\nfi\n# word\necho 'a ${x}'"),
                         ["empty", "a ${x}"])

    def test_numbers_of_setexpr_are_hexadecimal(self):
        self.assertEqual(self.run_script("setexpr n ${n} - 1; echo ${n}", n="10"), ["f"])
        self.assertEqual(self.run_script("setexpr n ${n} - 1; echo ${n}", n=""), [""])
        self.assertEqual(self.run_script("setexpr n ${n} / 200; if itest ${n} -gt 1f; then echo ${n}; fi", n="4000"), ["20"])

    def test_what_it_does_not_know_stops_it(self):
        for script in ("while true; do echo; done", "fatload x", "echo a | b", "if true; then echo"):
            with self.assertRaises(hush.NotUnderstood, msg=script):
                self.run_script(script)

    def test_a_script_that_calls_itself_does_not_hang_the_test(self):
        with self.assertRaises((hush.NotUnderstood, RecursionError)):
            self.run_script("run me", me="run me")


if __name__ == "__main__":
    unittest.main()
