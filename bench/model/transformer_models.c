/* Shapes of published models. */
#include <string.h>

#include "bench/model/transformer.h"

/* The BERT checkpoints: 30522 word pieces, 512 positions, 2 segments. */
#define BERT(n_layers, width, n_heads, missing)                                                                        \
	{                                                                                                              \
		.layers = (n_layers), .d = (width), .heads = (n_heads), .kv_heads = (n_heads),                         \
		.head_dim = (width) / (n_heads), .ffn = 4 * (width), .experts = 1, .active_experts = 1,                \
		.vocab = 30522, .positions = 512, .token_types = 2, .tied = true, .biased = true, .outer_norm = true,  \
		.pooler = true, .context = 512, .projections_missing = (missing)                                       \
	}
#define GPT(n_layers, width, n_heads, length)                                                                          \
	{                                                                                                              \
		.layers = (n_layers), .d = (width), .heads = (n_heads), .kv_heads = (n_heads),                         \
		.head_dim = (width) / (n_heads), .ffn = 4 * (width), .experts = 1, .active_experts = 1,                \
		.vocab = 50257, .positions = (length), .tied = true, .biased = true, .outer_norm = true,               \
		.context = (length), .decoder = true                                                                   \
	}
/* RMS norms, no biases, rotary positions, SwiGLU, heads of 128, a head for logits of its own. */
#define LLAMA(n_layers, width, n_heads, width_ffn, n_experts, n_active, words, length)                                 \
	{                                                                                                              \
		.layers = (n_layers), .d = (width), .heads = (n_heads), .kv_heads = 8, .head_dim = 128,                \
		.ffn = (width_ffn), .experts = (n_experts), .active_experts = (n_active), .gated = true,               \
		.vocab = (words), .outer_norm = true, .context = (length), .decoder = true                             \
	}

static const struct transformer_model models[] = {
	{"bert-base", "BERT-Base",
	 "Devlin et al., NAACL 2019, arXiv:1810.04805, section 3; vocabulary of the published checkpoint",
	 BERT(12, 768, 12, 0), NULL},
	{"bert-base-4heads", "BERT-Base, 4 heads",
	 "Kim et al., arXiv:2302.14017, Table 10: BERT-Base with 4 heads in place of 12", BERT(12, 768, 4, 0), NULL},
	{"bert-large", "BERT-Large",
	 "Devlin et al., NAACL 2019, arXiv:1810.04805, section 3; vocabulary of the published checkpoint",
	 BERT(24, 1024, 16, 0), NULL},
	{"bert-large-published", "BERT-Large, published",
	 "Kim et al., arXiv:2302.14017, Figs 4-6, whose six values are those of BERT-Large with one d x d projection "
	 "of "
	 "each layer missing (fitted)",
	 BERT(24, 1024, 16, 1), "bert-large"},
	{"gpt2", "GPT-2",
	 "Radford et al. 2019, \"Language Models are Unsupervised Multitask Learners\", Table 2, the smallest; heads "
	 "and "
	 "vocabulary of the published checkpoint",
	 GPT(12, 768, 12, 1024), NULL},
	{"gpt3-175b", "GPT-3 175B",
	 "Brown et al., NeurIPS 2020, arXiv:2005.14165, Table 2.1; vocabulary of GPT-2; its sparse attention layers "
	 "are "
	 "taken as dense",
	 GPT(96, 12288, 96, 2048), NULL},
	{"llama-3-8b", "Llama 3 8B",
	 "Llama Team, arXiv:2407.21783, Table 3; vocabulary of 128256 and context of the model card Meta-Llama-3-8B",
	 LLAMA(32, 4096, 32, 14336, 1, 1, 128256, 8192), NULL},
	{"llama-3-70b", "Llama 3 70B",
	 "Llama Team, arXiv:2407.21783, Table 3; vocabulary of 128256 and context of the model card Meta-Llama-3-70B",
	 LLAMA(80, 8192, 64, 28672, 1, 1, 128256, 8192), NULL},
	{"mixtral-8x7b", "Mixtral 8x7B", "Jiang et al., arXiv:2401.04088, Table 1",
	 LLAMA(32, 4096, 32, 14336, 8, 2, 32000, 32768), NULL},
};

const struct transformer_model *transformer_at(size_t i)
{
	return i < sizeof(models) / sizeof(models[0]) ? &models[i] : NULL;
}

const struct transformer_model *transformer_find(const char *name)
{
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (strcmp(models[i].name, name) == 0)
			return &models[i];
	return NULL;
}
