"""Weir in the home of a user who has set nothing, beside a server of llama.cpp's that it finds by itself."""
import os

from weir import Weir


class Newcomer(Weir):
    """Weir in the home of somebody who has set nothing."""

    def __init__(self, home, server_port):
        self.home = home.parent
        # The port that a server of llama.cpp's takes from its own variable, and Weir with it.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(home), "LLAMA_ARG_PORT": str(server_port)}

    def __enter__(self):
        return self.serving()
