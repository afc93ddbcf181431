"""Orders: opened once per bill and amount, moved along drawn edges, settled through the ledger.

states    the drawn edges, and the one place that moves an order
links     the payer's links
opening   creating the order at the provider
applying  what a provider's message does to an order
polling   asking the provider when no message came
deciding  what a person may do
"""
