"""A notification server for one bus: keeps what it is told as JSON lines, and clicks when asked to.

Run as a program with the file to write to; `Click(id, action)` of dev.weir.Notices does what a
person does to a notification.
"""

import json
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


class Server(dbus.service.Object):
    def __init__(self, bus, file):
        self.name = dbus.service.BusName(NAME, bus)
        super().__init__(bus, PATH)
        self.file = file
        self.last = 0

    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, _replaces, icon, summary, body, actions, _hints, _timeout):
        self.last += 1
        told = {"id": self.last, "app": str(app), "icon": str(icon), "summary": str(summary), "body": str(body), "actions": [str(a) for a in actions]}
        with open(self.file, "a", encoding="utf-8") as out:
            out.write(json.dumps(told) + "\n")
        return dbus.UInt32(self.last)

    @dbus.service.method(NAME, out_signature="as")
    def GetCapabilities(self):
        return ["body", "actions"]

    @dbus.service.method(NAME, out_signature="ssss")
    def GetServerInformation(self):
        return ("notices", "weir", "1", "1.2")

    @dbus.service.method(NAME, in_signature="u")
    def CloseNotification(self, which):
        self.NotificationClosed(which, dbus.UInt32(3))

    @dbus.service.method("dev.weir.Notices", in_signature="us")
    def Click(self, which, action):
        self.ActionInvoked(which, action)
        self.NotificationClosed(which, dbus.UInt32(2))

    @dbus.service.signal(NAME, signature="us")
    def ActionInvoked(self, which, action):
        pass

    @dbus.service.signal(NAME, signature="uu")
    def NotificationClosed(self, which, reason):
        pass


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    server = Server(dbus.SessionBus(), sys.argv[1])
    GLib.MainLoop().run()
    return server


if __name__ == "__main__":
    main()
