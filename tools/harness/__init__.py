"""The host side of the project: images, the emulator, the oracle, and the judging of answers."""
