# SPDX-License-Identifier: GPL-2.0
# What is only called or written otherwise.

# Namespaces of symbols are strings.
s/\<MODULE_IMPORT_NS(\([A-Z_]*\))/MODULE_IMPORT_NS("\1")/
s/\<\(EXPORT_SYMBOL_NS_GPL([a-z_]*, \)\([A-Z_]*\))/\1"\2")/

# What runs on any CPU.
s/\<system_unbound_wq\>/system_dfl_wq/

# Flags in a folio's pointer to its mapping.
s/\<PAGE_MAPPING_FLAGS\>/FOLIO_MAPPING_FLAGS/

# The size to be allocated is the type's.
s/\<\(k[mz]alloc\)(sizeof(\([^()]*\)), /\1_obj(\2, /
