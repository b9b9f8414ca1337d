"""What is on the screen, asked of the X server itself: a look takes a few milliseconds, where starting
a program that looks takes a tenth of a second and is in every time that is measured with it.
"""

import ctypes
import ctypes.util

_Z_PIXMAP, _ALL_PLANES, _VIEWABLE, _ANY_TYPE = 2, ctypes.c_ulong(-1), 2, 0
_LONGS_MAX = 1024


class _Attributes(ctypes.Structure):
    """XWindowAttributes up to what is read of it (X11/Xlib.h)."""

    _fields_ = [
        ("x", ctypes.c_int), ("y", ctypes.c_int), ("width", ctypes.c_int), ("height", ctypes.c_int),
        ("border_width", ctypes.c_int), ("depth", ctypes.c_int), ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong), ("class_", ctypes.c_int), ("bit_gravity", ctypes.c_int),
        ("win_gravity", ctypes.c_int), ("backing_store", ctypes.c_int), ("backing_planes", ctypes.c_ulong),
        ("backing_pixel", ctypes.c_ulong), ("save_under", ctypes.c_int), ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int), ("map_state", ctypes.c_int), ("rest", ctypes.c_byte * 256),
    ]


class _Image(ctypes.Structure):
    """XImage up to what is read of it."""

    _fields_ = [
        ("width", ctypes.c_int), ("height", ctypes.c_int), ("xoffset", ctypes.c_int), ("format", ctypes.c_int),
        ("data", ctypes.c_void_p), ("byte_order", ctypes.c_int), ("bitmap_unit", ctypes.c_int),
        ("bitmap_bit_order", ctypes.c_int), ("bitmap_pad", ctypes.c_int), ("depth", ctypes.c_int),
        ("bytes_per_line", ctypes.c_int), ("bits_per_pixel", ctypes.c_int),
    ]


class Screen:
    """A connection to the X server that DISPLAY names. A window that goes while it is looked at is
    not there."""

    def __init__(self):
        x = self.x = ctypes.CDLL(ctypes.util.find_library("X11"))
        x.XOpenDisplay.restype = ctypes.c_void_p
        x.XDefaultRootWindow.restype = x.XInternAtom.restype = ctypes.c_ulong
        x.XGetImage.restype = ctypes.POINTER(_Image)
        self.display = ctypes.c_void_p(x.XOpenDisplay(None))
        if not self.display:
            raise OSError("the display cannot be opened")
        # By default the library ends the program when a window has gone.
        handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        self._calm = handler(lambda _display, _event: 0)
        x.XSetErrorHandler(self._calm)
        self.root = x.XDefaultRootWindow(self.display)
        self.clients = x.XInternAtom(self.display, b"_NET_CLIENT_LIST", False)

    def window(self, name):
        """The window of that name that can be seen, or None."""
        return next((one for one in self._managed() if self._name(one) == name and self._size(one)), None)

    def _managed(self):
        kind, form, count, left = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
        data = ctypes.c_void_p()
        self.x.XGetWindowProperty(
            self.display, ctypes.c_ulong(self.root), ctypes.c_ulong(self.clients), ctypes.c_long(0),
            ctypes.c_long(_LONGS_MAX), False, ctypes.c_ulong(_ANY_TYPE), ctypes.byref(kind), ctypes.byref(form),
            ctypes.byref(count), ctypes.byref(left), ctypes.byref(data),
        )
        if not data.value:
            return []
        found = list((ctypes.c_ulong * count.value).from_address(data.value))
        self.x.XFree(data)
        return found

    def _name(self, window):
        said = ctypes.c_char_p()
        if not self.x.XFetchName(self.display, ctypes.c_ulong(window), ctypes.byref(said)) or said.value is None:
            return None
        name = said.value.decode()
        self.x.XFree(said)
        return name

    def _size(self, window):
        of = _Attributes()
        there = self.x.XGetWindowAttributes(self.display, ctypes.c_ulong(window), ctypes.byref(of))
        return (of.width, of.height) if there and of.map_state == _VIEWABLE else None

    def colours(self, window, width, height):
        """How many colours are in its upper left part, of that size."""
        size = self._size(window)
        if size is None:
            return 0
        part = (min(width, size[0]), min(height, size[1]))
        image = self.x.XGetImage(self.display, ctypes.c_ulong(window), 0, 0, *part, _ALL_PLANES, _Z_PIXMAP)
        if not image:
            return 0
        seen = image.contents
        pixels = (ctypes.c_uint32 * (seen.bytes_per_line * seen.height // 4)).from_address(seen.data)
        count = len(set(pixels))
        self.x.XDestroyImage(image)
        return count
