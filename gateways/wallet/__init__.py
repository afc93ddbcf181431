"""Egyptian wallets: what their messages say and who they say paid. Values in, values out."""
