# Placeholder until the harness lands: includes every part's build.mk.
B := $(if $(DEBUG),build/debug,build)
include $(wildcard */build.mk)
