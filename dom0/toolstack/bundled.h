/* Kernels that are part of dom0's image: arrays that `xxd -i` made of build/guests/NAME and, as
 * NAME_32, of build/guests32/NAME. */
#ifndef DOM0_TOOLSTACK_BUNDLED_H
#define DOM0_TOOLSTACK_BUNDLED_H

extern unsigned char mini_kernel[], tiny[], mini_kernel_32[], tiny_32[];
extern unsigned int mini_kernel_len, tiny_len, mini_kernel_32_len, tiny_32_len;

#endif
