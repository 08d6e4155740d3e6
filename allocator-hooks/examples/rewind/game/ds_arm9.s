	.arm
	.cpu arm946e-s
	.global _start
_start:
	mov r0, #0x04000000
	ldr r1, =0x00020003		@ POWCNT1: screens and 2D engines on
	ldr r2, =0x04000304
	ldr r1, =0x820f
	str r1, [r2]
	ldr r1, =0x00020000		@ main engine shows VRAM bank A
	str r1, [r0]
	ldr r2, =0x04000240
	mov r1, #0x80			@ bank A on, for the display
	strb r1, [r2]
	mov r9, #0			@ frame
frame:
	ldrh r1, [r0, #6]		@ line
	cmp r1, #192
	bne frame
	add r9, r9, #1
	mov r3, #0x06800000		@ a band of VRAM
	ldr r4, =0x1ff
	and r4, r9, r4
	add r3, r3, r4, lsl #7
	mov r5, #512
band:
	add r6, r5, r9, lsl #5
	strh r6, [r3], #2
	subs r5, r5, #1
	bne band
	mov r3, #0x02000000		@ and main memory, here and there
	add r3, r3, #0x100000
	mov r5, #64
	ldr r7, =40503
spread:
	mul r6, r9, r7
	add r6, r6, r5, lsl #12
	bic r6, r6, #0xff000000
	bic r6, r6, #0x00f00000
	bic r6, r6, #3
	str r9, [r3, r6]
	subs r5, r5, #1
	bne spread
	ldr r2, =0x04000130		@ keys
	ldrh r1, [r2]
	ldr r6, [r3]
	add r6, r6, r1
	str r6, [r3]
wait:
	ldrh r1, [r0, #6]
	cmp r1, #192
	beq wait
	b frame
	.pool
