/*
 * The block protocol's structures as a guest of the other width lays them out ("x86_32-abi" and
 * "x86_64-abi" of io/protocols.h): the public header once more, under other names. What differs is
 * the alignment of a 64-bit member: 4 bytes in 32 bits, which pack(4) says in 64; 8 bytes in 64,
 * which the member's type says in 32. struct blkif_other_request and so on; the segment has one
 * layout for both.
 */
#ifndef XEN_LIKE_ABI_BLKIF_OTHER_WIDTH_H
#define XEN_LIKE_ABI_BLKIF_OTHER_WIDTH_H

#include "xen-like/abi/io.h"

#pragma push_macro("DEFINE_RING_TYPES")
#undef DEFINE_RING_TYPES
#undef __XEN_PUBLIC_IO_BLKIF_H__

#define DEFINE_RING_TYPES(name, request, response)                                                 \
    union blkif_other_sring_entry {                                                                \
        request req;                                                                               \
        response rsp;                                                                              \
    }
#define blkif_request            blkif_other_request
#define blkif_request_t          blkif_other_request_t
#define blkif_request_segment    blkif_other_request_segment
#define blkif_request_discard    blkif_other_request_discard
#define blkif_request_discard_t  blkif_other_request_discard_t
#define blkif_request_indirect   blkif_other_request_indirect
#define blkif_request_indirect_t blkif_other_request_indirect_t
#define blkif_response           blkif_other_response
#define blkif_response_t         blkif_other_response_t

#ifdef __x86_64__
#define XEN_IO_PROTO_ABI_OTHER XEN_IO_PROTO_ABI_X86_32
#pragma pack(push, 4)
#include <xen/io/blkif.h>
#pragma pack(pop)
#else
#define XEN_IO_PROTO_ABI_OTHER XEN_IO_PROTO_ABI_X86_64
typedef u64 __attribute__((aligned(8))) blkif_other_u64;
#define uint64_t               blkif_other_u64
#include <xen/io/blkif.h>
#undef uint64_t
#endif

#undef blkif_request
#undef blkif_request_t
#undef blkif_request_segment
#undef blkif_request_discard
#undef blkif_request_discard_t
#undef blkif_request_indirect
#undef blkif_request_indirect_t
#undef blkif_response
#undef blkif_response_t
#undef DEFINE_RING_TYPES
#pragma pop_macro("DEFINE_RING_TYPES")

#endif
