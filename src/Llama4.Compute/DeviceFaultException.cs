namespace Llama4.Compute;

/// <summary>A command failed on the device. Every await after it throws this; results computed since are lost.</summary>
public sealed class DeviceFaultException(string message, Exception inner) : Exception(message, inner);
