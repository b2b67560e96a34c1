# SPDX-License-Identifier: GPL-2.0
#
# A kernel tree's own lib/crypto in user space, for the bench:
#
#	make -f tree.mk TREE=dir O=dir
#
# makes $O/tree.o (with the architecture's code) and $O/tree-generic.o (without):
# one object each, whose global symbols begin with tree_ and treegeneric_.

O := $(abspath $(O))
here := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
lib := $(TREE)/lib/crypto
CC := gcc

flags := -std=gnu11 -O2 -w -fno-strict-aliasing -fno-common -fno-stack-protector \
	 -fno-delete-null-pointer-checks -fno-strict-overflow -fno-tree-vectorize \
	 -fno-asynchronous-unwind-tables -fcf-protection=none -march=x86-64 -mtune=generic \
	 -Wa,--noexecstack -mno-red-zone -mno-sse -mno-mmx -mno-sse2 -mno-3dnow -mno-avx -mno-sse4a \
	 -I$(O)/shim -I$(here)/shim -idirafter $(TREE)/include
arch := -DCONFIG_CRYPTO_LIB_POLY1305_RSIZE=11 -DCONFIG_CRYPTO_LIB_CHACHA_ARCH=1 -DCONFIG_CRYPTO_LIB_POLY1305_ARCH=1 \
	-DCONFIG_CRYPTO_LIB_CURVE25519_ARCH=1 -I$(lib)/x86

generic := chacha chacha-block-generic poly1305 chacha20poly1305 curve25519 \
	   poly1305-donna64 curve25519-hacl64
with := chacha chacha-block-generic poly1305 chacha20poly1305 curve25519 curve25519-hacl64
asm := chacha-ssse3-x86_64 chacha-avx2-x86_64 chacha-avx512vl-x86_64

all: $(O)/tree.o $(O)/tree-generic.o

names := align.h bitops.h bug.h compiler.h compiler_types.h export.h init.h jump_label.h kernel.h \
	 linkage.h mm.h module.h random.h scatterlist.h sizes.h string.h types.h unaligned.h
$(O)/shim/.done: $(here)/tree.mk
	@mkdir -p $(O)/shim/linux $(O)/shim/asm/fpu $(O)/shim/crypto
	@for h in $(addprefix linux/,$(names)) asm/frame.h asm/fpu/api.h asm/simd.h \
		asm/cpufeature.h asm/processor.h asm/cpu_device_id.h crypto/utils.h; do \
		case $$h in linux/types.h) echo '#include_next <linux/types.h>';; esac \
			>$(O)/shim/$$h; \
		echo '#include "tree.h"' >>$(O)/shim/$$h; \
	done
	@touch $@

deps := $(O)/shim/.done $(here)/shim/shim.h $(here)/shim/tree.h

$(O)/generic/%.o: $(lib)/%.c $(deps)
	@mkdir -p $(@D)
	@$(CC) $(flags) -DCONFIG_CRYPTO_LIB_POLY1305_RSIZE=1 -c -o $@ $<
$(O)/arch/%.o: $(lib)/%.c $(deps)
	@mkdir -p $(@D)
	@$(CC) $(flags) $(arch) -c -o $@ $<
$(O)/arch/%.o: $(lib)/x86/%.S $(deps)
	@mkdir -p $(@D)
	@$(CC) $(flags) -c -o $@ $<
$(O)/arch/poly1305-x86_64.o: $(lib)/x86/poly1305-x86_64-cryptogams.pl $(deps)
	@mkdir -p $(@D)
	@perl $< >$(O)/arch/poly1305-x86_64.S
	@$(CC) $(flags) -c -o $@ $(O)/arch/poly1305-x86_64.S

# The tree's names are everybody's names; set them apart.
wanted := chacha20poly1305_encrypt chacha20poly1305_decrypt curve25519 curve25519_generate_public
define one
	@$(LD) -r -o $@.all $^
	@objcopy $(addprefix --keep-global-symbol=,$(wanted)) $@.all
	@objcopy $(foreach s,$(wanted),--redefine-sym $(s)=$(1)_$(s)) $@.all $@
	@rm $@.all
endef

$(O)/tree.o: $(addprefix $(O)/arch/,$(addsuffix .o,$(with) $(asm) poly1305-x86_64))
	$(call one,tree)
$(O)/tree-generic.o: $(addprefix $(O)/generic/,$(addsuffix .o,$(generic)))
	$(call one,treegeneric)

.PHONY: all
.DELETE_ON_ERROR:
