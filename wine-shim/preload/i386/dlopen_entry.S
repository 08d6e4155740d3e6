// SPDX-License-Identifier: MIT
// dlopen(file, flags): goes on where ww_dlopen_target() says, with the arguments
// and the return address as they came. Copies of the arguments and 4 bytes more
// bring the stack to the multiple of 16 that a call needs.
    .text
    .globl dlopen
    .type dlopen, @function
    .p2align 4
dlopen:
    .cfi_startproc
    endbr32
    subl $4, %esp
    .cfi_adjust_cfa_offset 4
    pushl 12(%esp)
    .cfi_adjust_cfa_offset 4
    pushl 12(%esp)
    .cfi_adjust_cfa_offset 4
    call ww_dlopen_target
    addl $12, %esp
    .cfi_adjust_cfa_offset -12
    jmpl *%eax
    .cfi_endproc
    .size dlopen, . - dlopen

    .section .note.GNU-stack, "", @progbits
