/*
 * Which parts of lwIP are wanted, and how large: IPv4 on Ethernet with ARP, ICMP, DHCP, UDP, TCP
 * and raw protocols, all called by one thread. This file is ours (guest-kernel/network).
 *
 * Whatever lwIP allocates comes from one heap (frames of the guest's, taken when the network is
 * started): so none of its tables has a size of its own, and running out is one answer, ERR_MEM.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS                   1
#define SYS_LIGHTWEIGHT_PROT     0
#define LWIP_SOCKET              0
#define LWIP_NETCONN             0
#define LWIP_TIMERS              1

/* Memory. */
#define MEM_ALIGNMENT            8
#define MEM_SIZE                 (1024 * 1024)
#define LWIP_RAM_HEAP_POINTER    lwip_heap
#define MEMP_MEM_MALLOC          1
#define PBUF_POOL_BUFSIZE        1536
#define LWIP_SUPPORT_CUSTOM_PBUF 1

/* Protocols. */
#define LWIP_IPV4                1
#define LWIP_IPV6                0
#define LWIP_ARP                 1
#define LWIP_ETHERNET            1
#define LWIP_ICMP                1
#define LWIP_RAW                 1
#define LWIP_UDP                 1
#define LWIP_TCP                 1
#define LWIP_DHCP                1
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_ACD                 0
#define LWIP_DHCP_BOOTP_FILE     1
#define LWIP_DNS                 0
#define LWIP_NETIF_HOSTNAME      1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK 0
#define LWIP_STATS               0

/* TCP: a window of 44 full segments either way. */
#define TCP_MSS                  1460
#define TCP_WND                  (44 * TCP_MSS)
#define TCP_SND_BUF              (44 * TCP_MSS)
#define TCP_SND_QUEUELEN         (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_LISTEN_BACKLOG       1
#define LWIP_TCP_KEEPALIVE       0

/* Who computes checksums is said for each interface (and, on receipt, for each packet): a vif
 * leaves those of TCP and UDP to whoever is behind it. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHECKSUM_ON_COPY    0

#endif
