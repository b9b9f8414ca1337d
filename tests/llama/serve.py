"""llama.cpp's own server on the CPU, from a package that runs on every x86-64 processor with AVX2.

The package holds the server's C++ code as a library with no command of its own; what it is told here
is what `llama-server -m FILE -a tiny --host 127.0.0.1 --port 0 --jinja -c CONTEXT --seed 7` says.

usage: serve.py FILE CONTEXT      (says `listening on http://…`; ends with its standard input)
"""
import sys

import xllamacpp


def main(path, context):
    told = xllamacpp.CommonParams()
    told.model.path, told.model_alias = path, {"tiny"}
    told.hostnames, told.port, told.ui = ["127.0.0.1"], 0, False
    told.n_ctx, told.n_gpu_layers, told.use_jinja, told.sampling.seed = int(context), 0, True, 7
    told.n_parallel, told.kv_unified = 4, True  # the command's own defaults
    server = xllamacpp.Server(told)
    print("listening on", server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
