global using Llama4.Compute.Cpu;
global using Llama4.Compute.Kernels;
