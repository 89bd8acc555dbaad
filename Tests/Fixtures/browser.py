#!/usr/bin/env python3
"""Opens a page in a real browser without a window and tells what came of it, as one JSON object.

    browser.py CHROMIUM URL [--width N] [--language TAG] [--without-script] [--until TEXT] [--screenshot FILE] [--print FILE]

Members: dom, status and headers of the document, console (what it complained of), requests (addresses that it asked),
width and content (pixels across).
It speaks to the browser over a pair of pipes, by the DevTools protocol.
"""

import argparse
import base64
import json
import os
import select
import subprocess
import sys
import tempfile
import time

options = argparse.ArgumentParser()
options.add_argument("chromium")
options.add_argument("url")
options.add_argument("--width", type=int, default=1440)
options.add_argument("--language", default="vi")
options.add_argument("--without-script", action="store_true")
options.add_argument("--until", help="waits until this stands in the document")
options.add_argument("--screenshot")
options.add_argument("--print", dest="paper")
options = options.parse_args()


class Browser:
    def __init__(self, folder):
        there, self.out = os.pipe()
        self.inward, back = os.pipe()
        arguments = [
            options.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
            f"--user-data-dir={folder}", "about:blank",
        ]

        def inherit():
            # Moved out of the way first: either may be the number that the other goes to.
            one, other = os.dup(there), os.dup(back)
            os.dup2(one, 3)
            os.dup2(other, 4)

        self.process = subprocess.Popen(
            arguments, preexec_fn=inherit, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(back)
        self.text, self.number, self.events, self.session = b"", 0, [], None

    def message(self, until):
        while b"\0" not in self.text:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.inward], [], [], left)[0]:
                return None
            part = os.read(self.inward, 1 << 20)
            if not part:
                sys.exit("the browser has ended")
            self.text += part
        message, self.text = self.text.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.out, json.dumps(request).encode() + b"\0")
        until = time.monotonic() + 60
        while message := self.message(until):
            if message.get("id") == self.number:
                if "error" in message:
                    sys.exit(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)
        sys.exit(f"{method}: no answer")

    def listen(self, seconds, what=None):
        until = time.monotonic() + seconds
        while True:
            if what and any(event.get("method") == what for event in self.events):
                return
            message = self.message(until)
            if message is None:
                return
            self.events.append(message)

    def dom(self):
        root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        return self.ask("DOM.getOuterHTML", nodeId=root)["outerHTML"]


with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    browser = Browser(folder)
    try:
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "DOM"]:
            browser.ask(f"{domain}.enable")
        browser.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": options.language})
        browser.ask("Emulation.setScriptExecutionDisabled", value=options.without_script)
        browser.ask(
            "Emulation.setDeviceMetricsOverride", width=options.width, height=900, deviceScaleFactor=1,
            mobile=options.width < 600)
        browser.ask("Page.navigate", url=options.url)
        browser.listen(30, "Page.loadEventFired")
        browser.listen(0.5)
        dom = browser.dom()
        end = time.monotonic() + 60
        while options.until and options.until not in dom and time.monotonic() < end:
            browser.listen(0.2)
            dom = browser.dom()
        size = browser.ask("Page.getLayoutMetrics")["cssContentSize"]
        if options.screenshot:
            clip = {"x": 0, "y": 0, "width": options.width, "height": size["height"], "scale": 1}
            image = browser.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
            with open(options.screenshot, "wb") as file:
                file.write(base64.b64decode(image))
        if options.paper:
            paper = browser.ask("Page.printToPDF", preferCSSPageSize=True)["data"]
            with open(options.paper, "wb") as file:
                file.write(base64.b64decode(paper))
        console, requests, document = [], [], {}
        for event in browser.events:
            parameters = event.get("params", {})
            match event.get("method"):
                case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                    console.append(parameters["entry"]["text"])
                case "Runtime.exceptionThrown":
                    console.append(parameters["exceptionDetails"]["text"])
                case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                    console.append(str(parameters["args"]))
                case "Network.responseReceived" if parameters["type"] == "Document":
                    document = parameters["response"]
                case "Network.requestWillBeSent":
                    requests.append(parameters["request"]["url"])
        print(json.dumps({
            "dom": dom, "console": console, "requests": requests, "width": options.width, "content": size["width"],
            "status": document.get("status", 0),
            "headers": {name.lower(): value for name, value in document.get("headers", {}).items()},
        }))
    finally:
        browser.process.kill()
        browser.process.wait()
