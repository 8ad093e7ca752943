namespace Llama4.Gateway.Answers;

/// <summary>What every chunk of one answer repeats.</summary>
/// <param name="Id">For example chatcmpl-0f…</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">As the request named it.</param>
/// <param name="Fingerprint">Same model and build, same fingerprint: then the same seed gives the same answer.</param>
internal sealed record AnswerHead(string Id, long Created, string Model, string Fingerprint);
