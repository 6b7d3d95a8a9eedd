"""期限与违规的生命周期: pure decisions over facts, with `now` passed in.

`judge` computes from all facts of a department what must stand; `settle` compares it with what stood before and says
what to save and to announce. Whatever the order in which facts arrive, the same comes out.
"""
