namespace Llama4.Contracts;

/// <summary>A call was given up because its host does not answer: what it was for can be done again elsewhere, or by the next plan.</summary>
[GenerateSerializer, Alias("llama4.HostUnreachableException")]
public sealed class HostUnreachableException(string message) : Exception(message);
