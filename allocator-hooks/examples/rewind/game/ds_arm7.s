	.arm
loop:	b loop
