; Moves the picture, plays with RAM and video RAM in every frame. Loaded at
; 0x100, where the console begins.
	nop
	jp start + 0x100
	.org 0x50
start:
	di
	ld sp, 0xdffe
	xor a
	ldh (0x40), a		; display off
	ld hl, 0xc000
clear:	xor a
	ldi (hl), a
	ld a, h
	cp 0xd0
	jr nz, clear
	ld a, 0xe4
	ldh (0x47), a
	ld a, 0x91
	ldh (0x40), a		; display on
frame:	ldh a, (0x44)		; the line: 144 is the first below the picture
	cp 144
	jr nz, frame
	ld hl, 0xc000
	inc (hl)
	ld a, (hl)
	ld b, a
	ldh (0x43), a		; scroll to the side
	ld hl, 0x8010		; a tile of noise
	ld c, 16
tile:	ld a, b
	add a, c
	xor l
	ldi (hl), a
	dec c
	jr nz, tile
	ld a, b
	swap a			; somewhere on the map, it or nothing
	and 3
	add a, 0x98
	ld h, a
	ld l, b
	ld a, b
	and 1
	ld (hl), a
	ld h, 0xc1		; a byte of RAM
	ld l, b
	ld (hl), b
	ld a, 0x20		; what is held, summed up
	ldh (0), a
	ldh a, (0)
	ld hl, 0xc002
	add a, (hl)
	ld (hl), a
wait:	ldh a, (0x44)
	cp 144
	jr z, wait
	jr frame
