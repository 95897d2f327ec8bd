%include "tests/guests/iret_unmasked32.inc"
