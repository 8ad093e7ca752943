using Llama4.Contracts;
using Llama4.Structured;
using Llama4.Structured.Calls;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>From what a request says of its answer's form and of tools to the one constraint that its answer is drawn under, checked.</summary>
internal static class AnswerConstraint
{
    /// <summary>
    /// Where a tool must be called, calls alone. Where one may be called and something is promised (a strict tool, a form of the answer), calls or that
    /// form or any text that begins no call. Otherwise the form alone.
    /// </summary>
    /// <param name="form">Null for any text.</param>
    /// <param name="dialect">How the model writes calls.</param>
    /// <returns>Null for any text.</returns>
    /// <exception cref="ApiError">It cannot be enforced; the message names the keyword.</exception>
    public static DecodingConstraint? Of(RequestFields fields, ToolFields tools, AnswerForm? form, ChatDialect dialect)
    {
        var constraint = tools.MustCall || (tools.AreCallable && (tools.HasStrict || form is not null))
            ? OfCalls(tools, form, dialect)
            : form is null ? null : Checked(form.Constraint, form.Param);
        return constraint is null ? null : constraint with { EndsLate = fields.Flag("ignore_eos") };
    }

    private static DecodingConstraint OfCalls(ToolFields tools, AnswerForm? form, ChatDialect dialect)
    {
        var writes = dialect == ChatDialect.Json || (dialect == ChatDialect.Nano && tools.ToolsInUserMessage == true) ? CallForm.Json : CallForm.Python;
        if (form is not null && !tools.MustCall)
        {
            Checked(form.Constraint, form.Param);
        }

        var otherwise = tools.MustCall ? null : new InsteadOfCalls(form?.Constraint.Kind, form?.Constraint.Text ?? "");
        var constraint = new CallsText(writes, [.. tools.Callable.Select(one => one.Tool)], tools.CallsMax, otherwise).ToConstraint();
        if (Refusal(constraint) is not { } refusal)
        {
            return constraint;
        }

        // Which one it is, for the error's param: strict tools alone can be refused for what they are.
        var wrong = tools.Callable.Where(one => one.Tool.Strict && Refusal(new CallsText(writes, [one.Tool]).ToConstraint()) is not null).Take(1).ToArray();
        throw NotEnforced(refusal, wrong is [var first] ? $"tools[{first.Index}].function.parameters" : form?.Param ?? "tools");
    }

    private static DecodingConstraint Checked(DecodingConstraint constraint, string param) =>
        Refusal(constraint) is { } refusal ? throw NotEnforced(refusal, param) : constraint;

    private static ConstraintException? Refusal(DecodingConstraint constraint)
    {
        try
        {
            ConstraintReader.Compile(constraint);
            return null;
        }
        catch (ConstraintException error)
        {
            return error;
        }
    }

    private static ApiError NotEnforced(ConstraintException refusal, string param) =>
        ApiError.Invalid($"'{param}' cannot be enforced: {refusal.Message}.", param, "unsupported_parameter");
}
