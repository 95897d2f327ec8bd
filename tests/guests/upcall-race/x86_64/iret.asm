%include "tests/guests/iret_unmasked.inc"
