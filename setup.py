from setuptools import setup

MODULES = ["native/build.py:ffi", "hw_sim/chip/build.py:ffi"]
setup(cffi_modules=MODULES, options={"bdist_wheel": {"py_limited_api": "cp311"}})
