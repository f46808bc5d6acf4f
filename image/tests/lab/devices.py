"""The bench: simulated devices behind the machine's serial ports and the stand-in county platform, all on this host.

The simulators are those of the desk (`kioskctl sim`), processes of their own on pseudo-terminals. The platform gets a
certificate for the address under which the guest reaches this host; its authority goes to the machine by provisioning.
"""

import json
import pathlib
import shutil
import socket
import subprocess

from .maker import call
from .waiting import Failed, until

# Under this address of its own network the guest finds the county, and under this one the update server, on ports that
# the filter of the image lets out.
COUNTY = ("10.0.2.100", 443)
BUNDLES = ("10.0.2.101", 8443)
# The list of machines out of which the prepared card is made.
TABLE = """\
kiosk,city,city_en,county,county_en,county_code,kind,town,town_en,town_code,level,window,address,hours,phone,network,\
id_reader,printer,scanner
K032,示例市,Shili City,示例县,Shili County,320699,county,示例镇,Shili Town,320699101,town,全科窗口,示例镇示例路1号一楼大厅,\
周一至周五 8:30–11:30 14:00–17:30,0513-00000000,dhcp,yes,yes,yes
"""


def county_certificates(folder, address=COUNTY[0]):
    """Authority and server certificate for the guest's address, where the stand-in looks for its own."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key, pem, key = folder / "ca.pem", folder / "ca.key", folder / "server.pem", folder / "server.key"
    if pem.exists():
        return ca
    request, rules = folder / "server.csr", folder / "server.ext"
    call("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7300",
         "-subj", "/CN=Stand-in county authority", "-addext",
         "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign", "-keyout", ca_key, "-out", ca)
    rules.write_text(f"subjectAltName=IP:{address},IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n"
                     "basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\n", encoding="ascii")
    call("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         "/CN=Stand-in county platform", "-keyout", key, "-out", request)
    call("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "7300",
         "-extfile", rules, "-out", pem)
    for rest in (request, rules, ca_key, folder / "ca.srl"):
        rest.unlink(missing_ok=True)
    return ca


class Bench:
    """Reader, printer, scanner and county. `ports` and `forwards` fit the machine's."""

    def __init__(self, folder, kioskctl, fonts, county, enrolment):
        """`county` is the folder of the platform's certificates and keys. It stays, because they are part of images that
        are kept; its cases do not. `enrolment` is the key of the authority whose codes the image trusts."""
        self.folder = pathlib.Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._kioskctl, self._processes = str(kioskctl), []
        self._slips = self._cases = 0
        self.ports = {}
        for device, more in (("id-reader", []), ("printer", ["--fonts", fonts]), ("scanner", [])):
            at = self.folder / device
            self._start(device, ["--at", at, *more])
            self.ports[device] = at
        county_certificates(county)
        shutil.copy(enrolment, pathlib.Path(county) / "enrol.key")
        # Its cases and the codes that were used are those of machines that are gone.
        for left in (*pathlib.Path(county).glob("*.sqlite*"), pathlib.Path(county) / "enrolled.json"):
            left.unlink(missing_ok=True)
        ready = self._start("county", ["--folder", county], "county")
        self.county_port = int(ready["url"].rsplit(":", 1)[1])
        self.ca_file, self.secret_file, self.seal_file = (
            pathlib.Path(ready[key]) for key in ("ca_file", "secret_file", "seal_file"))
        self.enrol_key = pathlib.Path(county) / "enrol.key"
        self.forwards = {COUNTY: self.county_port}

    def _start(self, verb, arguments, socket_name=None):
        control = self.folder / f"{socket_name or verb}.sock"
        command = [self._kioskctl, "sim", verb, "--json", "--control", str(control), *map(str, arguments)]
        log = (self.folder / f"{verb}.log").open("ab")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        self._processes.append(process)
        line = process.stdout.readline()
        if not line:
            raise Failed(f"the simulator {verb} did not start; see {self.folder}/{verb}.log")
        return json.loads(line)

    def ask(self, part, question, expected=10):
        """One line to a simulator's control socket and its answer."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(expected * 4)
            line.connect(str(self.folder / f"{part}.sock"))
            line.sendall(json.dumps(question).encode() + b"\n")
            answer = json.loads(line.makefile("r", encoding="utf-8").readline())
        if isinstance(answer, dict) and "refused" in answer:
            raise Failed(f"the simulated {part} refuses: {answer['refused']}")
        return answer

    def order(self, part, **order):
        """An order to the bench: `order("id-reader", order="card", key="…")`."""
        self.ask(part, {"obey": order})

    def line(self, up):
        """Cuts the line to the county or mends it."""
        self.order("county", order="line", up=up)

    def prepared(self, place):
        """Makes the prepared card of the one machine of TABLE with `kioskctl provision make`; returns (file, enrolment code)."""
        table = place / "machines.csv"
        table.write_text(TABLE, encoding="utf-8")
        call(self._kioskctl, "provision", "make", "--list", table, "--county-key", self.enrol_key, "--authority", self.ca_file,
             "--url", f"https://{COUNTY[0]}", "--out", place)
        card = place / "K032/provision.toml"
        code = next(line.split('"')[1] for line in card.read_text(encoding="utf-8").splitlines() if line.startswith("code = \"BME"))
        return card, code

    def begin(self):
        """From here on `slips` and `cases` count from nothing."""
        self._slips = self._cases = 0
        self._slips, self._cases = len(self.slips()), len(self.cases())

    def slips(self):
        """The pieces of paper since `begin`: each with PNG bytes and whether it is complete."""
        slips = self.ask("printer", "slips")["slips"][self._slips:]
        return [(bytes.fromhex(slip["png"]), slip["complete"]) for slip in slips]

    def cases(self):
        """What came to the county since `begin`."""
        answer = self.ask("county", "cases")["cases"]
        return (json.loads(answer) if answer else [])[self._cases:]

    def wait_cases(self, count, expected=60):
        """Waits until the county holds at least so many cases."""
        return until(f"{count} case(s) at the county", expected, lambda: (c := self.cases()) and len(c) >= count and c, 0.5)

    def close(self):
        """Ends every simulator."""
        for process in self._processes:
            process.kill()
            process.wait(timeout=10)
            process.stdout.close()
