global using Llama4.Compute;
